"""The error of a wait that found nothing: what arrived instead, why it was skipped, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..display import NAME, SMS, WORDS, quoted, shown
from ..errors import CodeTimeout
from ..providers.base import SmsMessage
from ..redact import shape
from .filters import Wanted
from .open_order import OpenOrder
from .waiting import Wait

__tracebackhide__ = True

_MOST_LISTED = 10


def code_timeout(
    order: OpenOrder, wait: Wait[Any], wanted: Wanted, unread: Sequence[SmsMessage], *, what: str, show_sms: bool
) -> CodeTimeout:
    """The error of a wait for `what` (a code, a matching SMS) that skipped the `unread` messages."""
    show: Callable[[str], str] = str if show_sms else shape
    most = SMS if show_sms else WORDS
    skipped = [
        f"from {shown(message.sender, NAME) if message.sender else 'an unknown sender'}: "
        f"{quoted(show(message.text[: most + 1]), most)} ({wanted.why_not(message, show)})"
        for message in unread[:_MOST_LISTED]
    ]
    text = f"no {what if skipped else 'SMS'} within {wait.timeout:g} s"
    if skipped:
        text += f"; skipped {len(unread)} SMS: {'; '.join(skipped)}"
        text += f"; and {len(unread) - len(skipped)} more" if len(unread) > len(skipped) else ""
    if wait.trouble:
        text += f". The last request failed: {wait.trouble.message}"
    return CodeTimeout(text, **order.context, elapsed=wait.waited, hint=_hint(order, wanted, bool(skipped), show_sms))


def _hint(order: OpenOrder, wanted: Wanted, skipped: bool, show_sms: bool) -> str:
    ask: Callable[..., str] | None = getattr(order.provider, "timeout_hint", None)
    own = ask(order.order, skipped=skipped) if ask else ""
    if skipped:
        advice = wanted.advice if show_sms else f"Use --otp-show-sms to show the texts. {wanted.advice}"
        return f"{advice} {own}".rstrip()
    return own or "Check that the application sent the SMS to this number."
