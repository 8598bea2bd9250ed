"""The error of a wait that found nothing: what arrived instead, why it was skipped, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import CodeTimeout
from ..providers.base import SmsMessage
from ..redact import shape
from .filters import Wanted
from .open_order import OpenOrder
from .waiting import Wait

__tracebackhide__ = True


def code_timeout(
    order: OpenOrder, wait: Wait[Any], wanted: Wanted, unread: Sequence[SmsMessage], *, what: str, show_sms: bool
) -> CodeTimeout:
    """The error of a wait for `what` (a code, a matching SMS) that skipped the `unread` messages."""
    show: Callable[[str], str] = str if show_sms else shape
    skipped = [
        f"from {message.sender or 'an unknown sender'}: {show(message.text)!r} ({wanted.why_not(message, show)})"
        for message in unread
    ]
    text = f"no {what if skipped else 'SMS'} within {wait.timeout:g} s"
    if skipped:
        text += f"; skipped {len(skipped)} SMS: {'; '.join(skipped)}"
    if wait.trouble:
        text += f". The last request failed: {wait.trouble.message}"
    return CodeTimeout(text, **order.context, elapsed=wait.waited, hint=_hint(order, wanted, bool(skipped), show_sms))


def _hint(order: OpenOrder, wanted: Wanted, skipped: bool, show_sms: bool) -> str:
    if skipped:
        return wanted.advice if show_sms else f"Use --otp-show-sms to show the texts. {wanted.advice}"
    own: str = getattr(order.provider, "timeout_hint", "")
    return own or "Check that the application sent the SMS to this number."
