"""django-allauth: sign-up with a phone number, whose code the adapter beside this file sends."""

from django_site import configure, run

configure(
    "allauth",
    "allauth.account",
    middleware=["allauth.account.middleware.AccountMiddleware"],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    ACCOUNT_ADAPTER="allauth_adapter.Adapter",
    ACCOUNT_SIGNUP_FIELDS=["phone*", "password1*"],
    ACCOUNT_LOGIN_METHODS={"phone"},
    LOGIN_REDIRECT_URL="/profile/",
)

from allauth_adapter import PHONES  # noqa: E402 - Django is configured above
from django.contrib.auth.decorators import login_required  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402


@login_required
def profile(request):
    phone, verified = PHONES[request.user.pk]
    return HttpResponse(f"{phone} verified: {verified}")


urlpatterns = [path("accounts/", include("allauth.account.urls")), path("profile/", profile)]

if __name__ == "__main__":
    run()
