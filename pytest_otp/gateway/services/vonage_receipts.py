"""What Vonage posts to an application about its messages: the SMS API's delivery receipts, the Messages API's statuses.

They go to the URL that a message names itself (`callback`, `webhook_url`); those that are set in Vonage's dashboard are
not known here. They are not signed: the signature secret is in the dashboard too.

Sources: https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts and
https://developer.vonage.com/en/messages/concepts/messages-status-callbacks.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping

from ...clock import utc_now
from ..callbacks import Callbacks
from ..message import Outcome, OutgoingSms
from .vonage_common import ERRORS
from .vonage_failures import NOT_HELD, in_messages, receipt_status

_NETWORK = "00000"


def post_receipts(
    callbacks: Callbacks, fields: Mapping[str, str], parts: list[dict[str, str]], outcome: Outcome
) -> None:
    """Post a delivery receipt for each part of a message, if it names a URL for them."""
    url = fields.get("callback", "").strip()
    if not url:
        return
    now = utc_now()
    code = "" if outcome.delivered else outcome.code or NOT_HELD
    for part in parts:
        receipt = {
            "msisdn": part["to"],
            "to": fields.get("from", ""),
            "network-code": _NETWORK,
            "messageId": part["message-id"],
            "price": part["message-price"],
            "status": receipt_status(code) if code else "delivered",
            "scts": now.strftime("%y%m%d%H%M"),
            "err-code": code.removeprefix("err-code ") if code else "0",
            "api-key": fields.get("api_key", ""),
            "message-timestamp": now.strftime("%Y-%m-%d %H:%M:%S"),
        }
        echoed = {name: fields[name] for name in ("client-ref",) if fields.get(name)}
        callbacks.post(url, json=receipt | echoed)


class Statuses:
    """The statuses of one message of the Messages API: `submitted`, then what became of it.

    Args:
        callbacks: Posts them.
        content: The message as the application sent it.
        message_uuid: Its ID.
    """

    def __init__(self, callbacks: Callbacks, content: Mapping[str, object], message_uuid: str) -> None:
        self._callbacks = callbacks
        url = content.get("webhook_url")
        self._url = url.strip() if isinstance(url, str) else ""
        self._content = content
        self._message_uuid = message_uuid
        self._final: Callable[[], None] | None = None
        self._is_submitted = False
        self._lock = threading.Lock()

    def submitted(self) -> None:
        """The service has taken the message."""
        with self._lock:
            self._is_submitted = True
            self._post("submitted")
            if self._final is not None:
                self._final()

    def report(self, outcome: Outcome) -> None:
        """It is known what became of it, maybe before it counts as submitted."""

        def final() -> None:
            if outcome.delivered:
                self._post("delivered")
                return
            number = in_messages(outcome.code or NOT_HELD)
            error = {
                "type": f"{ERRORS}/messages#{number}",
                "title": number,
                "detail": outcome.reason or "Unknown",
                "instance": uuid.uuid4().hex,
            }
            self._post("rejected", error=error)

        with self._lock:
            self._final = final
            if self._is_submitted:
                final()

    def _post(self, status: str, **more: object) -> None:
        if not self._url:
            return
        echoed = {name: self._content[name] for name in ("to", "from", "channel")}
        if self._content.get("client_ref"):
            echoed["client_ref"] = self._content["client_ref"]
        now = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self._callbacks.post(
            self._url, json={"message_uuid": self._message_uuid, "timestamp": now, "status": status, **echoed, **more}
        )


def watched(message: OutgoingSms, report: Callable[[Outcome], None]) -> OutgoingSms:
    """The same message, of which it is reported what becomes of it."""
    return OutgoingSms(message.to, message.text, message.sender, message.channel, report)
