"""One-time codes by SMS in end-to-end tests: rent a number, wait for the code, never lose an order.

Names are imported on first use, so that importing the package costs next to nothing. Type checkers read `__init__.pyi`.
It has no assertions, so pytest need not rewrite any: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import importlib

_NAMES = {
    "browser.result": "FillResult",
    "codes": "Candidate add_languages extract_code find_codes",
    "codes.formats": "CodeFormat",
    "errors": "AuthenticationError BudgetExceeded CodeTimeout FillError InsufficientBalance InvalidRequest "
    "NumberUnavailable OrderEnded OrderNotClosed OrderNotFound OrderUncertain OtpError ProviderError "
    "ProviderUnavailable SettingsError SmsAlreadyReceived Unsupported",
    "gateway.address": "GatewayAddress",
    "gateway.description": "ServiceDescription ServiceError ServiceRequest",
    "gateway.failures": "ArmedFailure",
    "gateway.seen": "GatewayRequest SentMessage",
    "numbers.number": "OtpNumber",
    "numbers.options": "NumberOptions",
    "numbers.ordering": "Numbers order_number",
    "offline.carrier": "Carrier Delivery Line Stray",
    "providers.base": "Balance Country Messages Operator Order OrderState Provider Service SmsMessage SupportsPush "
    "Variable",
    "push.webhook": "WebhookAddress",
    "redact": "Secret",
    "server.certificates": "Certificates",
    "settings": "Settings",
}
"""The public names that each module defines."""
_ELSEWHERE = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_ELSEWHERE)  # pyright: ignore[reportUnsupportedDunderAll] - it is written out in `__init__.pyi`


def __getattr__(name: str) -> object:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
