"""django-otp-twilio: its device asks for a code after the password, in the login form of django-otp."""

from django_site import configure, run

configure(
    "django_otp",
    "otp_twilio",
    middleware=["django_otp.middleware.OTPMiddleware"],
    OTP_TWILIO_ACCOUNT="AC" + "0" * 32,
    OTP_TWILIO_AUTH="made-up",
    OTP_TWILIO_FROM="+12015550100",
    OTP_TWILIO_TOKEN_TEMPLATE="Your Harbour code is {token}",
    LOGIN_REDIRECT_URL="/profile/",
)

from django.contrib.auth import get_user_model  # noqa: E402 - Django is configured above
from django.http import HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402
from django_otp.decorators import otp_required  # noqa: E402
from django_otp.forms import OTPAuthenticationForm  # noqa: E402
from django_otp.views import LoginView  # noqa: E402

PAGE = """<form method="post">{% csrf_token %}{{ form.as_p }}
{% if form.get_user %}{{ form.otp_challenge }}{% endif %}</form>"""


class Login(LoginView):
    otp_authentication_form = OTPAuthenticationForm

    def render_to_response(self, context):
        return HttpResponse(engines["django"].from_string(PAGE).render(context, self.request))


@otp_required
def profile(request):
    return HttpResponse(f"verified by {type(request.user.otp_device).__name__}")


def enrol(request):
    """A project enrols the numbers of its users in its own way."""
    device = get_user_model().objects.get(username="alice").twiliosmsdevice_set
    device.create(name="phone", number=request.GET["phone"])
    return HttpResponse("enrolled")


urlpatterns = [path("login/", Login.as_view()), path("profile/", profile), path("enrol/", enrol)]

if __name__ == "__main__":
    run()
