"""What `pytest_otp` has, for type checkers; `__init__.py` imports each name when it is first used."""

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
