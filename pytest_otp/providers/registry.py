"""The known providers, what is special about each, and how to create one. Imports a class only when needed."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from ..errors import SettingsError
from ..redact import Secret, known_values, passwords_in

if TYPE_CHECKING:
    from .base import Provider, Variable
    from .push import PushEndpoint

GROUP = "pytest_otp.providers"


class BuiltIn(NamedTuple):
    """What is known about a built-in provider without importing its class, which declares the same."""

    target: str | None = None
    """Where the class is, as in an entry point; None if our own package registers it as one, like a plugin."""
    offline: bool = False
    push: bool = False
    account: tuple[str, ...] = ()
    """The variables that identify an account."""
    secrets: tuple[str, ...] = ()
    """The variables whose values are masked."""


BUILT_IN = {
    "fake": BuiltIn(offline=True),
    "otpcepat": BuiltIn(
        "pytest_otp.providers.otpcepat:OtpcepatProvider",
        account=("API_KEY_OTPCEPAT", "OTPCEPAT_BASE_URL"),
        secrets=("API_KEY_OTPCEPAT",),
    ),
    "otpvirt": BuiltIn(
        "pytest_otp.providers.otpvirt:OtpvirtProvider",
        push=True,
        account=("OTPVIRT_CLIENT_ID", "OTPVIRT_API_PASSWORD", "OTPVIRT_BASE_URL"),
        secrets=("OTPVIRT_CLIENT_ID", "OTPVIRT_API_PASSWORD", "OTPVIRT_WEBHOOK_TOKEN"),
    ),
}


class Recipe(NamedTuple):
    """The arguments of a call of `create`."""

    name: str
    values: Mapping[str, str | Secret | None]
    allow_http: frozenset[str]


_recipes: WeakKeyDictionary[Provider, Recipe] = WeakKeyDictionary()


def names() -> list[str]:
    """Return every provider's name: the built-in ones first, then those that plugins register."""
    return [*BUILT_IN, *sorted(name for name in _registered() if name not in BUILT_IN)]


def load(name: str) -> type[Provider]:
    """Return the class of a provider.

    Raises SettingsError for an unknown name, or a plugin that cannot be imported or registers something else.
    """
    try:
        target = BUILT_IN[name].target if name in BUILT_IN else None
        if target is not None:
            module, _, attribute = target.partition(":")
            return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
        point = _registered().get(name)
        if point is not None:
            return _checked(name, point.load())
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"--otp-provider {name}: its package cannot be imported ({error})") from error
    raise SettingsError(
        f"--otp-provider (PYTEST_OTP_PROVIDER): unknown provider {name!r}",
        hint=f"Choose from: {', '.join(names())}.",
    )


def is_offline(name: str) -> bool:
    """Return whether the provider sends no real SMS and charges nothing. Raises SettingsError as `load` does."""
    return BUILT_IN[name].offline if name in BUILT_IN else bool(getattr(load(name), "offline", False))


def has_carrier(name: str) -> bool:
    """Return whether the provider rents the numbers of our own offline phone network, and so needs no credentials."""
    return name in BUILT_IN and BUILT_IN[name].offline


def takes_push(name: str) -> bool:
    """Return whether the provider can push SMS. Raises SettingsError as `load` does."""
    return BUILT_IN[name].push if name in BUILT_IN else getattr(load(name), "push", None) is not None


def account_variables(name: str) -> tuple[str, ...]:
    """Return the variables that identify an account. Raises SettingsError as `load` does."""
    if name in BUILT_IN:
        return BUILT_IN[name].account
    return tuple(variable.name for variable in load(name).variables if variable.identifies_account)


def confidential_variables(name: str) -> tuple[str, ...]:
    """Return the variables that hold a secret, or a URL that may contain a password. Raises SettingsError as `load`."""
    if name in BUILT_IN:
        known = BUILT_IN[name]
        return tuple(dict.fromkeys([*known.secrets, *filter(_is_url, known.account)]))
    return tuple(each.name for each in load(name).variables if each.secret or _is_url(each.name))


def has_secrets(*sources: Mapping[str, str]) -> bool:
    """Return whether any of the sources has a secret of a built-in provider; the others are not asked."""
    return any(variable in source for known in BUILT_IN.values() for variable in known.secrets for source in sources)


def confidential_values(variable: str, *sources: Mapping[str, str]) -> list[str]:
    """Return what is secret in the values that a variable has in any of the sources: of a URL, its password."""
    values = [value for source in sources if (value := source.get(variable, "").strip())]
    return [password for url in values for password in passwords_in(url)] if _is_url(variable) else values


def push_of(name: str) -> PushEndpoint | None:
    """Return how the provider pushes SMS; None if it does not. Raises SettingsError as `load` does."""
    return getattr(load(name), "push", None) if takes_push(name) else None


def credentials(
    name: str,
    environ: Mapping[str, str],
    env_file: Mapping[str, str],
    *,
    allow_http: frozenset[str] = frozenset(),
) -> dict[str, str | Secret | None]:
    """Return the values of a provider's variables: from the environment, else from .env, else the defaults.

    Raises SettingsError if required variables are missing, or if a base URL would send credentials without TLS.
    """
    try:
        variables = load(name).variables
        values = {variable.name: _value(variable, environ, env_file) for variable in variables}
        for url in filter(_is_url, values):
            for password in confidential_values(url, environ, env_file):
                known_values.add(password)
    finally:
        del environ, env_file  # a traceback with locals would show them
    missing = [variable for variable in variables if variable.required and values[variable.name] is None]
    if missing:
        wanted = ", ".join(f"{variable.name} ({variable.help})" for variable in missing)
        raise SettingsError(
            f"--otp-provider {name} (PYTEST_OTP_PROVIDER) needs {wanted}",
            hint="Set it in the environment or in .env, never on the command line.",
        )
    for variable, value in values.items():
        if _is_url(variable) and isinstance(value, str):
            _check_url(variable, value, allow_http)
    return values


def create(
    name: str, values: Mapping[str, str | Secret | None], *, allow_http: frozenset[str] = frozenset()
) -> Provider:
    """Create a provider from its credentials, with our HTTP client.

    Raises SettingsError as `load` does, and for `fake`, whose phone network belongs to a pytest run.
    """
    if name in BUILT_IN and BUILT_IN[name].offline:
        raise SettingsError(
            f"the provider {name} exists only in a pytest run",
            hint="Start `pytest-otp sandbox`, and create otpcepat or otpvirt with the variables that it prints.",
        )
    from .http import HttpClient  # noqa: PLC0415 - start-up: imports requests

    provider = load(name)(values, HttpClient(name, allow_http=allow_http))  # type: ignore[call-arg]  # Protocols have no __init__
    with contextlib.suppress(TypeError):  # a plugin's class may forbid weak references
        _recipes[provider] = Recipe(name, dict(values), allow_http)
    return provider


def recipe_of(provider: Provider) -> Recipe | None:
    """Return how to create such a provider in another process; None for an object that `create` did not create."""
    try:
        return _recipes.get(provider)
    except TypeError:  # a class without a hash
        return None


def _value(variable: Variable, environ: Mapping[str, str], env_file: Mapping[str, str]) -> str | Secret | None:
    # Stripped: a key that was pasted into a CI setting often ends in a line break, and no key contains white space.
    for source in (environ, env_file):
        value = source.get(variable.name, "").strip()
        if value:
            return Secret(value) if variable.secret else value
    return variable.default


def _is_url(variable: str) -> bool:
    return variable.endswith("_URL")


def _check_url(variable: str, value: str, allow_http: frozenset[str]) -> None:
    from .base_url import check_url  # noqa: PLC0415 - start-up: only for a provider with a URL

    try:
        check_url(value, allow_http)
    except SettingsError as error:
        raise SettingsError(f"{variable}: {error.message}", hint=error.hint) from None


def _checked(name: str, found: object) -> type[Provider]:
    from .base import lacking  # noqa: PLC0415 - start-up: only a plugin's provider is examined

    missing = lacking(found) + ([] if hasattr(found, "variables") else ["variables"])
    if not isinstance(found, type):
        what = f"a {type(found).__name__}, not a class"
    elif missing:
        what = f"a class without {', '.join(missing)}"
    else:
        what = _wrong_push(found)
    if what:
        raise SettingsError(
            f"--otp-provider {name}: its package registers {what}",
            hint="See the Provider protocol in pytest_otp.providers.base.",
        )
    return cast("type[Provider]", found)


def _wrong_push(found: Any) -> str:
    """What is wrong with the push that the class declares; empty if nothing is."""
    push = getattr(found, "push", None)
    if push is None:
        return ""
    from .push import PushEndpoint  # noqa: PLC0415 - start-up: only a provider with a push needs it

    if not isinstance(push, PushEndpoint):
        return f"a class whose push is of type {type(push).__name__}, not PushEndpoint"
    if push.variable not in {variable.name for variable in found.variables if variable.secret}:
        return f"a class whose push.variable, {push.variable!r}, is not the name of one of its secret variables"
    return ""


def _registered() -> dict[str, EntryPoint]:
    """Every entry point by name; a built-in name is ours alone."""
    ours = __name__.partition(".")[0] + "."
    points = entry_points(group=GROUP)
    return {point.name: point for point in points if point.name not in BUILT_IN or point.value.startswith(ours)}
