"""The messages that an application sent through Twilio: their resources, lists of them, and receipts of their progress.

Sources: https://www.twilio.com/docs/messaging/api/message-resource,
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status and
https://www.twilio.com/docs/usage/security (signatures).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlencode

from ...clock import utc_now
from ..callbacks import Callbacks
from ..message import Outcome, parts
from .kept import Kept
from .twilio_common import VERSION, TwilioError, signature

MOST_ON_A_PAGE = 1000

_FAILED = ("30001", "30002")
"""Errors with which a message does not leave Twilio: its status is `failed`, with others `undelivered`."""
_NOT_HELD = ("30005", "Unknown destination handset")

_Resource = dict[str, object]


class Messages:
    """The resources of all accounts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: Kept[tuple[str, str], _Resource] = Kept()

    def add(self, made: _Resource) -> None:
        """Keep a message."""
        self._kept.put((str(made["account_sid"]), str(made["sid"])), made)

    def get(self, account: str, sid: str) -> _Resource | None:
        """A message as it is now; None if there is none."""
        return self._kept.get((account, sid))

    def change(self, account: str, sid: str, **changed: object) -> _Resource | None:
        """Change fields of a message; None if it is no longer there."""
        # A new one: the old one may be on its way to a client.
        return self._kept.change((account, sid), lambda made: made | changed | {"date_updated": _written(utc_now())})

    def delete(self, account: str, sid: str) -> None:
        """Forget a message."""
        self._kept.remove((account, sid))

    def page(self, account: str, query: Mapping[str, str]) -> _Resource:
        """One page of an account's messages, the newest first, as its query asks for them."""
        kept = [made for made in self._kept.newest() if made["account_sid"] == account]
        wanted = [made for made in kept if _is_wanted(made, query)]
        size, number = _count(query, "PageSize", 50, least=1), _count(query, "Page", 0, least=0)
        size = min(size, MOST_ON_A_PAGE)
        # The token names the last message of the page before: those that were sent meanwhile do not move the pages.
        last = query.get("PageToken", "").removeprefix("PA")
        start = next((index + 1 for index, made in enumerate(wanted) if made["sid"] == last), number * size)
        shown = wanted[start : start + size]
        more = f"PA{shown[-1]['sid']}" if shown and len(wanted) > start + size else None

        def uri(page: int, token: str | None = None) -> str:
            kept_query = {name: value for name, value in query.items() if name not in ("Page", "PageToken", "PageSize")}
            paging = {"PageSize": str(size), "Page": str(page)} | ({"PageToken": token} if token else {})
            return f"/{VERSION}/Accounts/{account}/Messages.json?{urlencode(kept_query | paging)}"

        return {
            "end": start + max(len(shown) - 1, 0),
            "first_page_uri": uri(0),
            "messages": shown,
            "next_page_uri": uri(number + 1, more) if more else None,
            "page": number,
            "page_size": size,
            "previous_page_uri": uri(number - 1) if number else None,
            "start": start,
            "uri": uri(number),
        }


class Progress:
    """What becomes of one message: its resource follows, and each step is a receipt.

    Args:
        messages: Where the resource is kept from now on.
        made: The resource as it was created.
        callbacks: Posts the receipts.
        url: Where to; empty for nowhere.
        token: The auth token that signs them.
    """

    def __init__(self, messages: Messages, made: _Resource, callbacks: Callbacks, url: str, token: str) -> None:
        self._messages = messages
        self._made = made
        self._callbacks = callbacks
        self._url = url
        self._token = token
        self._outcome: Outcome | None = None
        self._is_accepted = False
        self._lock = threading.Lock()

    def accepted(self) -> None:
        """The service has taken the message."""
        with self._lock:
            self._is_accepted = True
            self._messages.add(self._made | {"status": "sent", "date_sent": _written(utc_now())})
            self._receipt("queued")
            if self._outcome is not None:
                self._end(self._outcome)
            else:
                self._receipt("sent")

    def report(self, outcome: Outcome) -> None:
        """It is known what became of it, maybe before it counts as accepted."""
        with self._lock:
            self._outcome = outcome
            if self._is_accepted:
                self._finish(outcome)

    def _end(self, outcome: Outcome) -> None:
        if outcome.code not in _FAILED:
            self._receipt("sent")
        self._finish(outcome)

    def _finish(self, outcome: Outcome) -> None:
        account, sid = str(self._made["account_sid"]), str(self._made["sid"])
        if outcome.delivered:
            self._messages.change(account, sid, status="delivered")
            self._receipt("delivered", RawDlrDoneDate=utc_now().strftime("%y%m%d%H%M"))
            return
        code, message = (outcome.code, outcome.reason) if outcome.code else _NOT_HELD
        status = "failed" if code in _FAILED else "undelivered"
        self._messages.change(account, sid, status=status, error_code=int(code or 0), error_message=message)
        self._receipt(status, ErrorCode=str(code))

    def _receipt(self, status: str, **more: str) -> None:
        if not self._url:
            return
        made = self._made
        sid = str(made["sid"])
        fields = {
            "SmsSid": sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": str(made["to"]),
            "MessageSid": sid,
            "AccountSid": str(made["account_sid"]),
            "From": str(made["from"] or ""),
            "ApiVersion": VERSION,
            **({"MessagingServiceSid": str(made["messaging_service_sid"])} if made["messaging_service_sid"] else {}),
            **more,
        }
        headers = {"X-Twilio-Signature": signature(self._url, fields, self._token), "User-Agent": "TwilioProxy/1.1"}
        self._callbacks.post(self._url, fields=fields, headers=headers)


def resource(account: str, to: str, service: str, sender: str | None, body: str, media: int) -> _Resource:
    """A message that was just created."""
    sid = ("MM" if media else "SM") + uuid.uuid4().hex
    uri = f"/{VERSION}/Accounts/{account}/Messages/{sid}"
    now = _written(utc_now())
    return {
        "account_sid": account,
        "api_version": VERSION,
        "body": body,
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": service or None,
        "num_media": str(media),
        # A messaging service has not chosen its sender yet, so the number of segments is not known.
        "num_segments": "0" if service else str(parts(body)),
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": to,
        "uri": f"{uri}.json",
    }


def _written(at: datetime) -> str:
    return format_datetime(at.replace(microsecond=0))


def _is_wanted(made: _Resource, query: Mapping[str, str]) -> bool:
    if any(query.get(name) not in (None, "", made[field]) for name, field in (("To", "to"), ("From", "from"))):
        return False
    sent = parsedate_to_datetime(str(made["date_sent"]))
    day, before, after = (_time(query, name) for name in ("DateSent", "DateSent<", "DateSent>"))
    return (
        (day is None or sent.date() == day.date())
        and (before is None or sent <= before)
        and (after is None or sent >= after)
    )


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    written = query.get(name, "")
    if not written:
        return None
    try:
        time = datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        raise TwilioError(400, 20001, f"{name.rstrip('<>')} is not a date: {written}") from None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def _count(query: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    written = query.get(name, "")
    if not written:
        return default
    if not written.isascii() or not written.isdigit() or len(written) > 6 or int(written) < least:
        raise TwilioError(400, 20006, f"{name} is not valid: {written}")
    return int(written)
