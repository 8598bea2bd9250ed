"""Applications and libraries that send their codes themselves: a sign-up or a login from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pytest_otp.gateway.address import GatewayAddress
from pytest_otp.numbers.ordering import Numbers
from tests.applications.running import HERE, PYTHON, variables
from tests.applications.site import Site, served

PASSWORD = "correct-horse-battery"
Start = Callable[..., AbstractContextManager[Site]]


@pytest.fixture
def site(otp_gateway: GatewayAddress, tmp_path: Path) -> Start:
    """Starts an application with `otp_gateway.environ()`."""

    @contextmanager
    def start(program: str, *args: str) -> Iterator[Site]:
        command = [str(PYTHON), str(HERE / "programs" / program), *args]
        with served(command, variables(otp_gateway, tmp_path), tmp_path) as started:
            yield started

    return start


@pytest.mark.short
@pytest.mark.parametrize(
    "method",
    [
        pytest.param("sms", marks=pytest.mark.application("django-two-factor-auth", "Twilio Messages, by twilio")),
        pytest.param("call", marks=pytest.mark.application("django-two-factor-auth", "Twilio Calls, by twilio")),
    ],
)
def test_two_factor(site: Start, otp_number: Numbers, method: str) -> None:
    """django-two-factor-auth: a user turns the second factor on, and then logs in with it."""
    number = otp_number()
    with site("two_factor_site.py") as visitor:
        visitor.visit("/account/login/")
        visitor.submit("/account/login/", auth__username="alice", auth__password=PASSWORD)
        setup = "/account/two_factor/setup/"
        visitor.visit(setup)
        visitor.submit(setup)
        visitor.submit(setup, method__method=method)
        visitor.submit(setup, **{f"{method}__number": number.e164})
        visitor.submit(setup, validation__token=number.wait_code(timeout=30))
        visitor.forget()
        visitor.visit("/account/login/")
        visitor.submit("/account/login/", auth__username="alice", auth__password=PASSWORD)
        visitor.submit("/account/login/", token__otp_token=number.wait_code(timeout=30))
        assert "Disable Two-Factor Authentication" in visitor.visit("/account/two_factor/")


@pytest.mark.short
@pytest.mark.application("django-allauth", "Amazon SNS, by boto3")
def test_allauth(site: Start, otp_number: Numbers) -> None:
    """django-allauth: a visitor signs up with a phone number, and verifies it."""
    number = otp_number()
    with site("allauth_site.py") as visitor:
        visitor.visit("/accounts/signup/")
        visitor.submit("/accounts/signup/", phone=number.e164, password1=PASSWORD)
        visitor.submit("/accounts/phone/verify/", code=number.wait_code(timeout=30))
        assert visitor.visit("/profile/") == f"{number.e164} verified: True"


@pytest.mark.application("Flask-Security-Too", "Twilio Messages, by twilio")
def test_flask_security(site: Start, otp_number: Numbers) -> None:
    """Flask-Security-Too: a visitor registers, sets the second factor up, and logs in with it."""
    number = otp_number()
    account = {"email": "alice@harbour.example", "password": PASSWORD}
    with site("flask_security_site.py") as visitor:
        visitor.submit("/register", **account, password_confirm=PASSWORD)
        visitor.forget()
        visitor.submit("/login", **account)
        visitor.submit("/tf-setup", setup="sms", phone=number.e164)
        visitor.submit("/tf-validate", code=number.wait_code(timeout=30))
        visitor.forget()
        visitor.submit("/login", **account)
        visitor.submit("/tf-validate", code=number.wait_code(timeout=30))
        assert "Currently setup two-factor method: SMS" in visitor.visit("/tf-setup")


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("twilio", marks=pytest.mark.application("django-phone-verify", "Twilio Messages, by twilio")),
        pytest.param("nexmo", marks=pytest.mark.application("django-phone-verify", "Vonage SMS, by nexmo")),
    ],
)
def test_phone_verify(site: Start, otp_number: Numbers, backend: str) -> None:
    """django-phone-verify: an app registers a number, and verifies it."""
    number = otp_number()
    with site("phone_verify_site.py", backend) as app:
        session = app.post("/api/phone/register", {"phone_number": number.e164})["session_token"]
        answer = {"session_token": str(session), "phone_number": number.e164}
        said = app.post("/api/phone/verify", {**answer, "security_code": number.wait_code(timeout=30)})
        assert said == {"message": "Security code is valid."}


@pytest.mark.application("drfpasswordless", "Twilio Messages, by twilio")
def test_drfpasswordless(site: Start, otp_number: Numbers) -> None:
    """drfpasswordless: an app logs in with a code instead of a password, and gets its token."""
    number = otp_number()
    with site("drfpasswordless_site.py") as app:
        app.post("/auth/mobile/", {"mobile": number.e164})
        said = app.post("/auth/token/", {"mobile": number.e164, "token": number.wait_code(timeout=30)})
        assert len(str(said["token"])) == 40


@pytest.mark.application("django-otp-twilio", "Twilio's API, by requests")
def test_otp_twilio(site: Start, otp_number: Numbers) -> None:
    """django-otp-twilio: a login form asks its device for a code, and takes it."""
    number = otp_number()
    account = {"username": "alice", "password": PASSWORD, "otp_device": "otp_twilio.twiliosmsdevice/1"}
    with site("otp_twilio_site.py") as visitor:
        visitor.visit(f"/enrol/?phone={number.digits}")
        visitor.visit("/login/")
        visitor.submit("/login/", **account, otp_challenge="Get OTP Challenge")
        said = visitor.submit("/login/", **account, otp_token=number.wait_code(timeout=30))
        assert said == "verified by TwilioSMSDevice"
