"""Secrets that cannot be printed, and the scrubbing of what others print."""

from __future__ import annotations

import base64
import copy
import dataclasses
import html
import json
import logging
import pickle
import pprint
import reprlib
import sys
import threading
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_otp.redact import (
    MASK,
    KnownValues,
    LogFilter,
    Secret,
    guard_loggers,
    known_values,
    logger,
    passwords_in,
    scrub,
    shape,
    url_without_password,
)

KEY = "k3y/with+all=that&\"needs' <coding>~ß-9f8e7d6c"


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test starts without known secrets: they belong to the process."""
    known_values.forget()


class TestSecret:
    """The type itself."""

    def test_shows_a_mask_in_every_way_of_showing(self) -> None:
        """No way of turning a Secret into text shows its value."""
        secret = Secret(KEY)
        shown = [repr(secret), str(secret), f"{secret}", f"{secret:>60}", "%s %r" % (secret, secret)]  # noqa: UP031
        shown += [repr([secret]), pprint.pformat({"key": secret}), ascii(secret), repr(dir(secret))]
        assert not [text for text in shown if "9f8e7d6c" in text]
        assert (str(secret), repr(secret)) == (MASK, f"Secret({MASK})")

    def test_has_no_plain_attribute(self) -> None:
        """Neither `vars()` nor any attribute shows the value; only `reveal()` gives it."""
        secret = Secret(KEY)
        with pytest.raises(TypeError):
            vars(secret)
        shown = [repr(getattr(secret, name)) for name in dir(secret)]
        assert not [text for text in shown if "9f8e7d6c" in text]
        assert secret.reveal() == KEY

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_does_not_leave_the_process(self, protocol: int) -> None:
        """Pickling a Secret, alone or inside something, says why it cannot be."""
        with pytest.raises(TypeError, match="cannot be pickled: read it from the environment of the other process"):
            pickle.dumps({"key": Secret(KEY)}, protocol)

    def test_is_no_json(self) -> None:
        """A Secret in a JSON document is an error, not its value."""
        with pytest.raises(TypeError):
            json.dumps({"key": Secret(KEY)})

    def test_survives_copying_inside_the_process(self) -> None:
        """Copies, deep or not, are the Secret itself."""
        secret = Secret(KEY)
        assert copy.copy(secret) is secret
        assert copy.deepcopy([secret])[0] is secret

        @dataclasses.dataclass
        class Holder:
            key: Secret

        assert dataclasses.asdict(Holder(secret))["key"] is secret

    def test_compares_by_value_with_its_like_only(self) -> None:
        """Two Secrets of one value are equal; a Secret is equal to no text."""
        assert Secret(KEY) == Secret(KEY)
        assert Secret(KEY) != Secret("another-one-entirely")
        assert (Secret(KEY) == KEY) is False

    def test_has_no_hash(self) -> None:
        """A hash would be a fingerprint of the value."""
        with pytest.raises(TypeError, match="unhashable"):
            hash(Secret(KEY))

    def test_is_true_where_it_holds_something(self) -> None:
        """Truth tells whether there is a value."""
        assert Secret(KEY)
        assert not Secret("")


FORMS = {
    "plain": KEY,
    "query": quote_plus(KEY),
    "path": quote(KEY),
    "strict": quote(KEY, safe=""),
    "twice": quote(quote(KEY, safe=""), safe=""),
    "lower case": quote(KEY, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d")
    .replace("%3C", "%3c").replace("%3E", "%3e").replace("%C3%9F", "%c3%9f"),
    "repr": repr(KEY),
    "bytes": repr(KEY.encode()),
    "json": json.dumps(KEY),
    "php json": json.dumps(KEY).replace("/", "\\/"),
    "json of utf-8": json.dumps(KEY, ensure_ascii=False),
    "html": html.escape(KEY),
    "html text": html.escape(KEY, quote=False),
    "json in json": json.dumps({"echo": json.dumps(KEY)}),
    "html of json": html.escape(json.dumps(KEY)),
    "html of html": html.escape(html.escape(KEY)),
    "repr of json": repr(json.dumps(KEY)),
    "query in html": html.escape(quote(KEY, safe="/+&'\"")),
    "php html": html.escape(KEY).replace("&#x27;", "&#039;"),
    "line breaks in base64": base64.encodebytes(KEY.encode()).decode().replace("\n", "\\n"),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 for urls": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "basic": base64.b64encode(b"user:" + KEY.encode()).decode(),
    "basic, one letter more": base64.b64encode(b"users:" + KEY.encode()).decode(),
    "basic, two letters more": base64.b64encode(b"users2:" + KEY.encode()).decode(),
    "base64 within": base64.b64encode(b'{"a":"' + KEY.encode() + b'"}').decode(),
}  # fmt: skip


LINES = "Gt5vC9xK2bN7q\nMw3zL8dY6fS1h"


class TestScrub:
    """The masking of texts."""

    @pytest.mark.parametrize("form", FORMS)
    def test_masks_each_form_that_libraries_print(self, form: str) -> None:
        """Whatever form the value takes on its way, no eight letters of that form are left."""
        text = f"before {FORMS[form]} after"
        Secret(KEY)
        clean = scrub(text)
        assert MASK in clean
        assert clean.startswith("before ")
        assert clean.endswith(" after")
        left = clean.removeprefix("before ").removesuffix(" after")
        assert not [left[i : i + 8] for i in range(len(left) - 7) if left[i : i + 8] in FORMS[form][8:-8]]

    def test_leaves_text_alone_before_any_secret_is_known(self) -> None:
        """A process without secrets pays nothing and loses nothing."""
        assert scrub(KEY) == KEY

    def test_masks_every_secret_and_every_place(self) -> None:
        """Two Secrets, each twice, in one text."""
        Secret("first-secret")
        Secret("second-secret")
        text = "first-secret second-secret, first-secret&second-secret"
        assert scrub(text) == f"{MASK} {MASK}, {MASK}&{MASK}"

    def test_the_longest_form_wins(self) -> None:
        """Of two secrets where one begins with the other, nothing of the longer one is left."""
        Secret("abcdefgh")
        Secret("abcdefghijkl")
        assert scrub("abcdefghijkl") == MASK

    @pytest.mark.parametrize(
        ("text", "clean"),
        [("secr", MASK), ("key=secr&x", f"key={MASK}&x"), ("secrets", "secrets"), ("my_secr", "my_secr")],
    )
    def test_short_values_are_masked_as_whole_words(self, text: str, clean: str) -> None:
        """A value of four to seven characters does not tear up longer words."""
        Secret("secr")
        assert scrub(text) == clean

    @pytest.mark.parametrize(
        "shown",
        [
            repr(LINES), json.dumps(LINES), json.dumps(json.dumps(LINES)), quote(LINES), quote_plus(LINES), LINES,
            html.escape(LINES), LINES.replace("\n", "&#10;"), "E   x: " + LINES.replace("\n", "\nE      "),
            base64.b64encode(LINES.encode()).decode(), LINES.replace("\n", "#x0A"), repr(LINES.encode()),
        ],
    )  # fmt: skip
    def test_a_value_with_line_breaks(self, shown: str) -> None:
        """Escaped, encoded or spread over the lines of a report, nothing of such a value is left."""
        Secret(LINES)
        clean = scrub(shown)
        assert MASK in clean
        assert not [part for part in ("Gt5vC9", "K2bN7q", "Mw3zL8", "Y6fS1h") if part in clean]

    @pytest.mark.parametrize("most", range(14, 40))
    def test_a_value_cut_by_a_repr(self, most: int) -> None:
        """What a shortening repr leaves of a value beside its ellipsis is masked, from four characters on."""
        Secret(LINES + "'\\\x1b\"/")
        short = reprlib.Repr()
        short.maxstring = most
        clean = scrub(short.repr(LINES + "'\\\x1b\"/"))
        assert MASK in clean
        assert not [part for part in ("Gt5v", "C9xK", "2bN7", "Mw3z", "L8dY", "6fS1") if part in clean]

    def test_an_ellipsis_beside_other_text_is_left(self) -> None:
        """Dots beside text that is no part of a value change nothing."""
        Secret(LINES)
        assert scrub("waiting... Gt5 ...1h done ...") == "waiting... Gt5 ...1h done ..."

    def test_masking_can_be_switched_off(self) -> None:
        """Known values that ignore what they are told mask nothing: for the proof that the search for leaks works."""
        values = KnownValues()
        values.add("a-secret-value")
        assert values.scrub("a-secret-value") == MASK
        values.ignore()
        values.add("a-secret-value")
        assert values.scrub("a-secret-value") == "a-secret-value"

    def test_short_values_can_be_left(self) -> None:
        """Where a mask would change what is used, only values that cannot be met by chance are masked."""
        Secret("1234")
        Secret("12345678")
        assert scrub("1234 12345678", short=False) == f"1234 {MASK}"

    def test_values_below_four_characters_are_left(self) -> None:
        """Masking "abc" everywhere would destroy unrelated text."""
        Secret("abc")
        assert scrub("abc abc") == "abc abc"

    @settings(deadline=None)  # on a busy machine
    @given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
    def test_no_value_survives(self, value: str, before: str, after: str) -> None:
        """Any value of eight characters or more is gone from any text around it."""
        known_values.forget()  # what earlier examples left would only be slow
        Secret(value)
        assert value not in scrub(before + value + after).replace(MASK, "\0")

    def test_secrets_are_made_in_many_threads(self) -> None:
        """Secrets made at the same time are all known afterwards."""
        values = [f"threaded-secret-{i:03}" for i in range(20)]
        threads = [threading.Thread(target=Secret, args=(value,)) for value in values]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert scrub(" ".join(values)) == " ".join([MASK] * 20)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Your code is 905526.", "xxxx xxxx xx 000000."),
        ("G-12 ab\nCD", "x-00 xx\nxx"),
        ("Код: ١٢٣", "xxx: 000"),
        ("", ""),
    ],
)
def test_shape_shows_no_letter_and_no_digit(text: str, shown: str) -> None:
    """A private text's shape keeps length, spaces and punctuation, and nothing else."""
    assert shape(text) == shown


class TestLogs:
    """Log records of libraries."""

    def test_a_guarded_logger_writes_masks(self, caplog: pytest.LogCaptureFixture) -> None:
        """The message is scrubbed where it has the value, by way of its arguments too."""
        guard_loggers(["otp.test.guarded"])
        Secret(KEY)
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("otp.test.guarded").debug('"%s %s" %d', "GET", "/?api_key=" + quote_plus(KEY), 200)
        assert caplog.messages == [f'"GET /?api_key={MASK}" 200']
        assert KEY not in repr(vars(caplog.records[0]))

    def test_other_records_stay_as_they_are(self, caplog: pytest.LogCaptureFixture) -> None:
        """A record without a secret keeps its template and arguments."""
        guard_loggers(["otp.test.guarded"])
        Secret(KEY)
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("otp.test.guarded").debug("%d of %d", 1, 2)
        assert (caplog.records[0].msg, caplog.records[0].args) == ("%d of %d", (1, 2))

    def test_a_logged_exception_is_scrubbed(self, caplog: pytest.LogCaptureFixture) -> None:
        """`exc_info` is turned into text without the value, and the exception itself is let go."""
        guard_loggers(["otp.test.guarded"])
        Secret(KEY)
        try:
            raise ValueError(f"bad header: {KEY}")
        except ValueError:
            logging.getLogger("otp.test.guarded").warning("failed", exc_info=True)
        assert caplog.records[0].exc_info is None
        assert f"ValueError: bad header: {MASK}" in caplog.text
        assert KEY not in caplog.text

    def test_guarding_twice_is_guarding_once(self) -> None:
        """A logger that is guarded again has one filter of ours."""
        for _ in range(3):
            guard_loggers(["otp.test.twice"])
        filters = logging.getLogger("otp.test.twice").filters
        assert [type(item) for item in filters] == [LogFilter]


def test_locals_of_a_failing_frame_show_no_value() -> None:
    """A frame that holds a Secret, and fails, has nothing to show in its locals."""

    def fails(secret: Secret) -> None:
        kept = [secret]
        raise RuntimeError(str(kept))

    with pytest.raises(RuntimeError) as caught:
        fails(Secret(KEY))
    frames = [frame.frame for frame in caught.traceback[-1:]]
    assert not [frame for frame in frames if "9f8e7d6c" in repr(frame.f_locals)]
    assert sys.exc_info() == (None, None, None)


@pytest.mark.parametrize("value", ["!Passw0rd-invented", "\\\\invented-w0rd", "&invented-w0rd", "%invented-w0rd"])
def test_hostile_text_ends(value: str) -> None:
    """Long runs of what introduces an escape are gone through in one pass: a server may send megabytes of them."""
    Secret(value)
    for run in ("\\", "%25", "&amp;", " "):
        text = run * 50_000
        assert scrub(text) == text


@pytest.mark.parametrize(
    ("url", "passwords", "shown"),
    [
        ("https://a.example/api", [], "https://a.example/api"),
        ("https://user:pw%40x@a.example/api", ["pw%40x", "pw@x"], "https://***@a.example/api"),
        ("https://user@a.example", [], "https://***@a.example"),
        ("user:p/w?@x@a.example", ["p/w?@x"], "***@a.example"),
    ],
)
def test_passwords_of_urls(url: str, passwords: list[str], shown: str) -> None:
    """A URL's password is found, as written and decoded, in URLs that are not valid too; it is shown without."""
    assert passwords_in(url) == passwords
    assert url_without_password(url) == shown


def test_a_record_is_one_printable_line(caplog: pytest.LogCaptureFixture) -> None:
    """What our own logger writes has no control characters, line breaks or bidi marks, and is bounded."""
    logger.warning("message %s", "\x1b[2J\r\n\u202e" + "x" * 1_000_000)
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert record.getMessage().startswith(r"message \x1b[2J\r\n\u202exx")
    assert len(record.getMessage()) == 4000
