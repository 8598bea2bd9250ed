"""django-two-factor-auth, by Twilio: SMS and calls."""

from django_site import configure, run

configure(
    "django.contrib.sites",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "two_factor",
    "two_factor.plugins.phonenumber",
    middleware=["django_otp.middleware.OTPMiddleware", "two_factor.middleware.threadlocals.ThreadLocals"],
    SITE_ID=1,
    LOGIN_URL="two_factor:login",
    LOGIN_REDIRECT_URL="two_factor:profile",
    TWO_FACTOR_SMS_GATEWAY="two_factor.gateways.twilio.gateway.Twilio",
    TWO_FACTOR_CALL_GATEWAY="two_factor.gateways.twilio.gateway.Twilio",
    TWO_FACTOR_PHONE_THROTTLE_FACTOR=0,
    OTP_TOTP_THROTTLE_FACTOR=0,
    TWILIO_ACCOUNT_SID="AC" + "0" * 32,
    TWILIO_AUTH_TOKEN="made-up",
    TWILIO_CALLER_ID="+12015550100",
)

from django.contrib.auth.views import LogoutView  # noqa: E402 - Django is configured above
from django.urls import include, path  # noqa: E402
from two_factor.gateways.twilio.urls import urlpatterns as twilio_urls  # noqa: E402
from two_factor.urls import urlpatterns as two_factor_urls  # noqa: E402

urlpatterns = [
    path("", include(two_factor_urls)),
    path("", include(twilio_urls)),
    path("logout/", LogoutView.as_view(next_page="two_factor:login"), name="logout"),
]

if __name__ == "__main__":
    run()
