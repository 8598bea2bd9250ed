"""One-time codes by SMS in end-to-end tests: rent a number, wait for the code, never lose an order.

Names are imported on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .browser.result import FillResult
    from .codes import Candidate, CodeFormat, add_languages, extract_code, find_codes
    from .errors import (
        AuthenticationError,
        BudgetExceeded,
        CodeTimeout,
        FillError,
        InsufficientBalance,
        InvalidRequest,
        NumberUnavailable,
        OrderEnded,
        OrderNotClosed,
        OrderNotFound,
        OrderUncertain,
        OtpError,
        ProviderError,
        ProviderUnavailable,
        SettingsError,
        SmsAlreadyReceived,
        Unsupported,
    )
    from .gateway.address import GatewayAddress
    from .gateway.description import ServiceDescription, ServiceError, ServiceRequest
    from .gateway.failures import ArmedFailure
    from .gateway.seen import GatewayRequest, SentMessage
    from .numbers.number import OtpNumber
    from .numbers.options import NumberOptions
    from .numbers.ordering import Numbers, order_number
    from .offline.carrier import Carrier, Delivery, Line, Stray
    from .providers.base import (
        Balance,
        Country,
        Messages,
        Operator,
        Order,
        OrderState,
        Provider,
        Service,
        SmsMessage,
        SupportsPush,
        Variable,
    )
    from .push.webhook import WebhookAddress
    from .redact import Secret
    from .server.certificates import Certificates
    from .settings import Settings

__all__ = [
    "ArmedFailure",
    "AuthenticationError",
    "Balance",
    "BudgetExceeded",
    "Candidate",
    "Carrier",
    "Certificates",
    "CodeFormat",
    "CodeTimeout",
    "Country",
    "Delivery",
    "FillError",
    "FillResult",
    "GatewayAddress",
    "GatewayRequest",
    "InsufficientBalance",
    "InvalidRequest",
    "Line",
    "Messages",
    "NumberOptions",
    "NumberUnavailable",
    "Numbers",
    "Operator",
    "Order",
    "OrderEnded",
    "OrderNotClosed",
    "OrderNotFound",
    "OrderState",
    "OrderUncertain",
    "OtpError",
    "OtpNumber",
    "Provider",
    "ProviderError",
    "ProviderUnavailable",
    "Secret",
    "SentMessage",
    "Service",
    "ServiceDescription",
    "ServiceError",
    "ServiceRequest",
    "Settings",
    "SettingsError",
    "SmsAlreadyReceived",
    "SmsMessage",
    "Stray",
    "SupportsPush",
    "Unsupported",
    "Variable",
    "WebhookAddress",
    "add_languages",
    "extract_code",
    "find_codes",
    "order_number",
]

_ELSEWHERE = {
    "ArmedFailure": "gateway.failures",
    "Candidate": "codes",
    "CodeFormat": "codes.formats",
    "Carrier": "offline.carrier",
    "Certificates": "server.certificates",
    "Delivery": "offline.carrier",
    "FillResult": "browser.result",
    "GatewayAddress": "gateway.address",
    "GatewayRequest": "gateway.seen",
    "Line": "offline.carrier",
    "NumberOptions": "numbers.options",
    "Numbers": "numbers.ordering",
    "OtpNumber": "numbers.number",
    "Secret": "redact",
    "ServiceDescription": "gateway.description",
    "ServiceError": "gateway.description",
    "ServiceRequest": "gateway.description",
    "SentMessage": "gateway.seen",
    "Settings": "settings",
    "Stray": "offline.carrier",
    "WebhookAddress": "push.webhook",
    "add_languages": "codes",
    "extract_code": "codes",
    "find_codes": "codes",
    "order_number": "numbers.ordering",
    **dict.fromkeys(
        (
            "Balance",
            "Country",
            "Messages",
            "Operator",
            "Order",
            "OrderState",
            "Provider",
            "Service",
            "SmsMessage",
            "SupportsPush",
            "Variable",
        ),
        "providers.base",
    ),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
