"""drfpasswordless: a login without a password, by Twilio."""

import os

from django_site import configure, run

os.environ |= {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "made-up"}
configure(
    "accounts",
    "rest_framework",
    "rest_framework.authtoken",
    "drfpasswordless",
    AUTH_USER_MODEL="accounts.User",
    PASSWORDLESS_AUTH={
        "PASSWORDLESS_AUTH_TYPES": ["MOBILE"],
        "PASSWORDLESS_MOBILE_NOREPLY_NUMBER": "+12015550100",
    },
)

from django.urls import include, path  # noqa: E402 - Django is configured above

urlpatterns = [path("", include("drfpasswordless.urls"))]

if __name__ == "__main__":
    run()
