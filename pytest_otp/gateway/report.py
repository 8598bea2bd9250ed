"""What a gateway has seen, in words: in the log, in a `CodeTimeout`, and at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from ..display import ID, NAME, SMS, quoted, shown
from ..errors import listed
from ..loopback import is_loopback
from .hosts import HOSTS
from .seen import TROUBLES, GatewayRequest

GUIDE = "docs/gateways.md"
"""Where the documentation says how applications reach the gateway."""

_MOST_LISTED = 5
_LONG_PATH = 40
_AWS = "AWS_ENDPOINT_URL"


def described(request: GatewayRequest) -> str:
    """One request and what became of it, in a line for the log."""
    return f"{what(request)}: {became(request)}"


def what(request: GatewayRequest) -> str:
    """The request, without the middle of a long path: `POST api.twilio.com/…/Calls.json`.

    A host of no SMS service has no path here: it may have a key in it, such as that of a webhook.
    """
    is_of_others = request.outcome in _ELSEWHERE and not request.by_gateway and not _is_for_sms(request)
    path = "" if is_of_others else request.path
    where = "" if path and is_loopback(request.host) else request.host
    if len(path) > _LONG_PATH:
        path = "/…/" + path.rstrip("/").rpartition("/")[2]
    who = "the gateway's own " if request.by_gateway else ""
    return f"{who}{shown(request.method, ID)} {shown(where, NAME)}{shown(path, NAME)}"


def became(request: GatewayRequest) -> str:
    """What became of the request."""
    to = ", ".join(shown(number, ID) for number in request.numbers)
    if request.outcome in ("delivered", "astray"):
        astray = ", which no test holds" if request.outcome == "astray" else ""
        text = f" {quoted(request.text, SMS)}" if request.text is not None else ""
        return f"{request.status}, SMS{text} to {to}{astray}"
    about = f" (for {to})" if to else ""
    if request.outcome == "answered":
        return f"{request.status}, no SMS{about}"
    return f"{request.status}, {request.outcome}{about}" if request.status else f"{request.outcome}{about}"


def concerns(request: GatewayRequest, number: str, *, ours: Callable[[str], bool], theirs: Collection[str]) -> bool:
    """Whether a request may say why no SMS came to a number: it was about this one, or about none that a test has.

    Args:
        request: Made since the number was ordered.
        number: In E.164 form.
        ours: Whether a number was ever ordered in this process. What goes to one that is closed is of interest.
        theirs: Numbers that tests in other processes ordered.
    """
    if not request.numbers or number in request.numbers:
        return True
    others = [each for each in request.numbers if each not in theirs]
    return any(request.outcome == "astray" or not ours(each) for each in others)


def explained(requests: Sequence[GatewayRequest], number: str, environ: Mapping[str, str]) -> str:
    """Why no SMS came to a number, as far as the requests that concern it tell."""
    wrong = troubles(requests)
    delivered = sum(request.outcome == "delivered" and number in request.numbers for request in requests)
    if wrong:
        sentences = [wrong]
    elif delivered:
        sentences = [f"The gateway delivered {delivered} SMS to this number since the order, which were read before"]
    elif requests:
        sentences = ["The gateway got no request for an SMS to this number since the order"]
    else:
        sentences = ["No request reached the gateway since the order"]
    if not delivered and not any(map(_is_for_sms, requests)):
        sentences[-1] += ": is the application running with otp_gateway.environ()?"
        sentences.append(f"For clients that ignore proxies, use otp_gateway.environ(preload=True), or see {GUIDE}")
        sentences += _about_aws(environ)
    return ". ".join(sentences).replace("?. ", "? ") + "."


def troubles(requests: Iterable[GatewayRequest]) -> str:
    """What went wrong in requests, the likeliest reason for a missing SMS first; empty if nothing did."""
    found: Counter[tuple[int, str]] = Counter()
    for request in requests:
        sentence = _sentence(request)
        if sentence:
            found[_RANK.index(request.outcome) + (0 if _is_for_sms(request) else len(_RANK)), sentence] += 1
    sentences = [
        sentence + _times(count) for (_, sentence), count in sorted(found.items(), key=lambda item: item[0][0])
    ]
    text = listed(sentences, _MOST_LISTED, "; ")
    return text[:1].upper() + text[1:]


def summed(requests: Iterable[GatewayRequest]) -> list[str]:
    """The lines at the end of a run about requests that no test can have meant."""
    counts: dict[str, Counter[str]] = {outcome: Counter() for outcome in TROUBLES}
    for request in requests:
        label = what(request) if request.outcome == "not served" else shown(request.host, NAME)
        counts[request.outcome][label] += 1
    return [
        f"{_SUMMED[outcome]}: {listed([name + _times(count) for name, count in sorted(each.items())], _MOST_LISTED)}"
        for outcome, each in counts.items()
        if each
    ]


_RANK = ("astray", "not served", "blocked", "refused", "let out", "failed", "answered", "delivered")
_SUMMED = {
    "not served": "the gateway was asked for what it does not serve",
    "blocked": "the gateway blocked requests to",
    "failed": "allowed hosts that could not be reached",
    "let out": "requests that went to real SMS services",
}
_ELSEWHERE = ("blocked", "failed", "let out")
_READING = ("GET", "HEAD", "OPTIONS")


def _sentence(request: GatewayRequest) -> str:
    """What went wrong in a request; empty if nothing did."""
    asked = f"the application asked for {shown(request.host, NAME)}"
    if request.by_gateway:
        return "" if request.outcome == "answered" else f"{what(request)} was not answered ({request.outcome})"
    if request.outcome == "astray":
        return f"SMS went to {', '.join(shown(number, ID) for number in request.numbers)}, which no test holds"
    if request.outcome == "blocked":
        names = [f"{row.name}, " for row in HOSTS.services_of(request.host)[:1]]
        return f"{asked} ({''.join(names)}blocked)"
    if request.outcome == "failed":
        return f"{asked} (allowed, but it could not be reached)"
    if request.outcome == "let out":
        return f"{asked} (allowed with real_sms=True: such SMS are real)"
    if request.outcome == "answered":
        return "" if request.method in _READING else f"{what(request)} was answered {request.status} and sent no SMS"
    if request.outcome in ("refused", "not served"):
        return f"{what(request)} was answered {request.status}{': not served' * (request.outcome == 'not served')}"
    return ""


def _is_for_sms(request: GatewayRequest) -> bool:
    return request.service is not None or HOSTS.is_sms_host(request.host)


def _about_aws(environ: Mapping[str, str]) -> list[str]:
    named = sorted(name for name in environ if name.startswith(_AWS))
    verb = "is" if len(named) == 1 else "are"
    return [f"{listed(named, _MOST_LISTED)} {verb} set, so the AWS SDKs send there"] if named else []


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
