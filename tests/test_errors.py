"""The error tree: its shape, its texts, and that it survives being copied and pickled."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from pytest_otp import errors
from pytest_otp.errors import CodeTimeout, OtpError, ProviderError, ProviderUnavailable

EVERY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, OtpError)]


def drawn() -> dict[str, str]:
    """Each class of the tree that the module's docstring draws, with its parent."""
    parents: dict[str, str] = {}
    above = {0: "OtpError"}
    for line in (errors.__doc__ or "").splitlines():
        branch = re.match(r"    ([│ ]*)[├└]── (\w+)", line)
        if branch:
            depth = len(branch[1]) // 4 + 1
            parents[branch[2]], above[depth] = above[depth - 1], branch[2]
    return parents


def test_the_drawn_tree_is_the_real_one() -> None:
    """The module's docstring draws every error of the module, below its parent."""
    real = {kind.__name__: kind.__mro__[1].__name__ for kind in EVERY if kind is not OtpError}
    assert drawn() == real


def test_a_code_timeout_is_a_timeout() -> None:
    """`except TimeoutError` catches a code that did not come."""
    assert issubclass(CodeTimeout, TimeoutError)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_the_docstring_says_when_it_is_raised_and_what_to_do(kind: type[OtpError]) -> None:
    """Each class says when it is raised, and then, in a sentence of its own, what to do."""
    description = " ".join((kind.__doc__ or "").partition("Attributes:")[0].split())
    assert "Raised" in description.partition(". ")[0] or kind is OtpError
    assert len(re.findall(r"[.:] \w", description)) >= 1, "no word on what to do"


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_the_text_says_where_when_what_and_what_to_do(kind: type[OtpError]) -> None:
    """Each error's text names provider, order, number and time, then what happened, then what to do."""
    error = kind("it broke.", provider="p", order_id="7", number="+1", elapsed=2.04, hint="Fix it.")
    time = "" if kind is CodeTimeout else ", after 2.0 s"  # whose message names the timeout
    assert str(error) == f"p, order 7, +1{time}: it broke. Fix it."
    assert error.elapsed == 2.04
    assert (error.message, error.provider, error.order_id, error.number) == ("it broke.", "p", "7", "+1")


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_an_error_without_context_is_its_message(kind: type[OtpError]) -> None:
    """What is not known is left out; a class's own hint follows the message."""
    error = kind("it broke")
    assert str(error) == (f"it broke. {kind.hint}" if kind.hint else "it broke")
    assert (error.provider, error.order_id, error.number, error.elapsed) == (None, None, None, None)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "sent", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copied", "pickled"]
)
def test_an_error_survives_transport(kind: type[OtpError], sent: object) -> None:
    """A copied or pickled error says the same, with all that it is about."""
    error = kind("it broke", provider="p", order_id="7", elapsed=1.0)
    twin = sent(error)  # type: ignore[operator]
    assert (type(twin), str(twin), vars(twin)) == (kind, str(error), vars(error))


HINTS = {
    "AuthenticationError": "Check the provider's credentials in the environment or in .env.",
    "InsufficientBalance": "Top up the account, or order a cheaper service or country.",
    "NumberUnavailable": "Try again later, try another country or operator, "
    "or skip such tests with --otp-unavailable skip.",
    "OrderNotFound": "It may belong to another account, or have ended long ago.",
    "SmsAlreadyReceived": "Finish the order instead.",
    "ProviderUnavailable": "Try again later. If it persists, check the provider's base URL and status page.",
    "OrderUncertain": "A number may be rented: check the open orders in your account at the provider, "
    "and cancel the order there.",
    "OrderNotClosed": "Cancel or finish it in your account at the provider.",
    "OrderEnded": "Order another number.",
}


def test_every_hint() -> None:
    """What a user reads as the next thing to do; the other classes say it case by case."""
    assert {kind.__name__: kind.hint for kind in EVERY if kind.hint} == HINTS


def test_a_provider_error_keeps_the_providers_words() -> None:
    """The provider's own words are an attribute, empty if it gave none."""
    assert ProviderError("no", words="NO BALANCE").words == "NO BALANCE"
    assert ProviderError("no").words == ""


def test_an_unavailable_provider_says_how_it_failed() -> None:
    """HTTP status, requested pause, and whether the request may have arrived are attributes; it may, by default."""
    error = ProviderUnavailable("no", http_status=429, retry_after=3.0, sent=False)
    assert (error.http_status, error.retry_after, error.sent) == (429, 3.0, False)
    plain = ProviderUnavailable("no")
    assert (plain.http_status, plain.retry_after, plain.sent) == (None, None, True)
