"""django-phone-verify: its REST API, by Twilio or Vonage, as the first argument says."""

import sys

from django_site import configure, run

BACKENDS = {
    "twilio": ("phone_verify.backends.twilio.TwilioBackend", {"SID": "AC" + "0" * 32, "SECRET": "made-up"}),
    "nexmo": ("phone_verify.backends.nexmo.NexmoBackend", {"KEY": "made-up", "SECRET": "made-up"}),
}
BACKEND, OPTIONS = BACKENDS[sys.argv[1]]

configure(
    "rest_framework",
    "phone_verify",
    PHONE_VERIFICATION={
        "BACKEND": BACKEND,
        "OPTIONS": {**OPTIONS, "FROM": "+12015550100"},
        "TOKEN_LENGTH": 6,
        "MESSAGE": "Welcome to {app}! Please use security code {security_code} to proceed.",
        "APP_NAME": "Harbour",
        "SECURITY_CODE_EXPIRATION_SECONDS": 3600,
        "VERIFY_SECURITY_CODE_ONLY_ONCE": True,
    },
)

from django.urls import include, path  # noqa: E402 - Django is configured above

urlpatterns = [path("api/", include("phone_verify.urls"))]

if __name__ == "__main__":
    run()
