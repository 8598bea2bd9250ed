"""pytest-django: an application in the process of the tests, which sends its SMS through the gateway."""

from __future__ import annotations

import pytest

from tests.neighbours.beside import Beside

FILES = {
    "shop.py": """
        from django.http import HttpResponse
        from django.urls import path
        from twilio.rest import Client

        SECRET_KEY = "made-up"
        ROOT_URLCONF = "shop"
        ALLOWED_HOSTS = ["*"]
        STATIC_URL = "/static/"
        USE_TZ = True
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}

        def sign_up(request):
            Client("AC" + "0" * 32, "made-up").messages.create(
                to=request.GET["phone"], from_="+12015550100", body="Your code is 482913"
            )
            return HttpResponse("sent")

        urlpatterns = [path("sign-up", sign_up)]
    """,
    "conftest.py": """
        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def application_sends_to_the_gateway(otp_gateway_environ):
            pass
    """,
    "test_it.py": """
        from urllib.parse import quote
        from urllib.request import urlopen
        import pytest

        @pytest.mark.django_db
        @pytest.mark.otp(fake="manual")
        def test_it(live_server, otp_number, otp_gateway):
            number = otp_number()
            if otp_gateway.url:
                assert urlopen(f"{live_server.url}/sign-up?phone={quote(number.e164)}").read() == b"sent"
            code = number.wait_code(timeout=60)
            assert code == "482913" or not otp_gateway.url and len(code) == 6
    """,
}


@pytest.mark.neighbour("pytest-django")
@pytest.mark.short
def test_live_server(beside: Beside) -> None:
    """Its server sends the SMS by Twilio's library, unchanged; with a real provider a code arrives beside it."""
    beside.write(FILES)
    beside.ends(plugins=("pytest_django.plugin",), results={"passed": 1}, DJANGO_SETTINGS_MODULE="shop")
