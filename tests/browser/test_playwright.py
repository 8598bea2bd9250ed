"""Codes and phone numbers are typed into pages that Playwright drives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from pytest_otp.browser import FillError, FillResult, fill_code, fill_phone
from pytest_otp.errors import CodeTimeout, SettingsError
from pytest_otp.offline.carrier import Carrier
from tests.browser.snippets import BOXES, CARD, CLEARS, CODE, FIELD, PROMO, VALUES, WIDGET
from tests.browsers import FLAGS, chromium
from tests.numbers.renting import offline

pytestmark = pytest.mark.browser

SHORT = 0.4
"""Seconds to look for a field that is not there."""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    # Ends with the module: as long as it runs, tests of async waits cannot run a loop of their own.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def tab(chrome: Browser) -> Iterator[Page]:
    page = chrome.new_page()
    yield page
    page.close()


def values(tab: Page) -> Any:
    return tab.evaluate(VALUES)


def test_a_row_of_boxes_gets_one_digit_each(tab: Page) -> None:
    """Each box has its digit, the code was complete once, and the result says what was filled."""
    tab.set_content(PROMO + WIDGET)
    result = fill_code(tab, CODE)
    assert values(tab) == ["", *CODE]
    assert tab.evaluate("window.sent") == [CODE]
    assert isinstance(result, FillResult)
    assert (result.how, result.taken) == ("typed", False)
    assert result.field == '6 boxes, the first of them a text input with label "Digit 1"'
    assert 0 < result.elapsed < 10
    assert tab.evaluate("document.activeElement.ariaLabel") == "Digit 6"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(PROMO + CARD + FIELD, id="beside a promo code and a card"),
        pytest.param(
            f'<div id="host"></div>{PROMO}<script>host.attachShadow({{mode: "open"}}).innerHTML = `{FIELD}`</script>',
            id="in a shadow root",
        ),
        pytest.param(f"<iframe srcdoc='{FIELD}'></iframe>{PROMO}", id="in a frame"),
        pytest.param(f"{FIELD.replace('code', 'x')}<dialog open>{FIELD}</dialog>", id="in a dialog"),
        pytest.param(
            f'<div id="here"></div><script>setTimeout(() => here.innerHTML = `{FIELD}`, 200)</script>', id="late"
        ),
        pytest.param(FIELD.replace("<input", "<input value='99'"), id="with old digits in it"),
        pytest.param(BOXES, id="boxes without a script"),
        pytest.param("<script>window.after = 60</script>" + WIDGET, id="boxes that take their time"),
    ],
)
def test_the_right_field_gets_the_code(tab: Page, html: str) -> None:
    """The code is in its field, wherever that is, and all others are as before."""
    tab.set_content(html)
    fill_code(tab, CODE)
    found = [text for frame in tab.frames for text in frame.evaluate(VALUES)]
    if "host" in html:
        found += tab.evaluate("[...host.shadowRoot.querySelectorAll('input')].map((each) => each.value)")
    assert "".join(found).replace("4111111111111111", "") == CODE


@pytest.mark.parametrize("clears", [True, False], ids=["clears itself", "vanishes"])
def test_a_code_that_the_page_took_is_not_typed_again(tab: Page, clears: bool) -> None:
    """A widget that is empty or gone after the last key has taken the code, which was sent once."""
    gone = "<script>boxes[5].addEventListener('input', () => document.querySelector('form').remove());</script>"
    tab.set_content(WIDGET + (CLEARS if clears else gone))
    assert fill_code(tab, CODE).taken
    assert tab.evaluate("window.sent") == [CODE]


def test_a_field_that_ignores_keys_gets_a_paste(tab: Page) -> None:
    """Where keys do nothing, the code is pasted as a user would, with a trusted event."""
    tab.set_content(
        FIELD + "<script>code.onkeydown = (event) => event.key.length > 1 || event.ctrlKey || event.preventDefault();"
        "code.onpaste = (event) => (window.trusted = event.isTrusted);</script>"
    )
    assert fill_code(tab, CODE).how == "pasted"
    assert values(tab) == [CODE]
    assert tab.evaluate("window.trusted") is True


HIDES = """<script>
window.kept = []; window.sent = [];
code.%s = (event) => {
  if (event.key?.length > 1 || event.ctrlKey) return;
  kept.push(event.key ?? code.value);
  event.preventDefault();
  code.value = "";
  if (kept.length === 6) sent.push(kept.join(""));
};
</script>"""


@pytest.mark.parametrize("event", ["onkeydown", "oninput"])
def test_a_field_that_keeps_what_is_typed_out_of_sight_gets_no_key_twice(tab: Page, event: str) -> None:
    """A script that takes a key and shows nothing has it once, and no wrong code comes together."""
    tab.set_content(FIELD + HIDES % event)
    if event == "oninput":
        with pytest.raises(FillError, match="the field takes keys without showing them, so that nothing tells what"):
            fill_code(tab, CODE)
    else:
        assert fill_code(tab, CODE).how == "pasted"
    assert (tab.evaluate("window.kept"), tab.evaluate("window.sent")) == (["4"], [])


def test_targets_narrow_the_search(tab: Page) -> None:
    """A locator of the field, of its label, of a box, of a form or of a frame is where the code goes."""
    two = FIELD.replace('"code"', '"other"') + FIELD
    for selector, html in (
        ("#code", two),
        ("text=Verification code >> nth=1", two),
        ("form", f"{FIELD}{BOXES}"),
        ("input >> nth=2", f"{FIELD}{BOXES}"),
    ):
        tab.set_content(html)
        fill_code(tab.locator(selector), CODE)
        assert "".join(values(tab)) == CODE
        assert values(tab)[0] == ""
    tab.set_content(f"{FIELD}<iframe srcdoc='{FIELD}'></iframe>")
    fill_code(tab.locator("iframe"), CODE)
    fill_code(tab.frames[1], "1234")
    assert (values(tab), tab.frames[1].evaluate(VALUES)) == ([""], ["1234"])


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<h1>Welcome</h1>", "the page shows no field within 0.4 s. Check that it is the right page"),
        (PROMO + CARD, "no field for a code appeared within 0.4 s"),
        (FIELD + "<div style='position: fixed; inset: 0; background: #fff' id=veil></div>", "is covered by <div#veil>"),
        (f"<div style='position: absolute; left: -9999px'>{FIELD}</div>", "is off-screen"),
        (FIELD.replace("<input", "<input disabled"), "is disabled"),
        (FIELD.replace("<input", "<input readonly"), "is read-only"),
        (FIELD.replace("<input", "<input maxlength=4"), "is too short: it takes 4 characters, and the code has 6"),
        (BOXES.replace('aria-label="Digit 6"', "hidden"), "is too short: it takes 5 characters"),
    ],
    ids=["no field", "other fields", "covered", "off-screen", "disabled", "read-only", "too short", "too few boxes"],
)
def test_an_error_says_why_no_field_can_be_used(tab: Page, html: str, reason: str) -> None:
    """The error tells what the page showed, with scores and what to pass instead, and no contents."""
    tab.set_content(html)
    with pytest.raises(FillError) as caught:
        fill_code(tab, CODE, timeout=SHORT)
    text = str(caught.value)
    assert reason in text
    assert CODE not in text + repr(caught.value)
    assert "4111" not in text
    if "Promo" in html:
        assert re.search(r'text input with label "Promo code" \(score -\d+\)', text)
        assert 'Pass the right field instead: fill_code(page.get_by_label("…"), code).' in text
    assert "".join(values(tab)).replace("4111111111111111", "") == ""


def test_an_error_says_what_the_field_has(tab: Page) -> None:
    """Of the field that was typed into the error tells the kind of content, and the content itself only if asked."""
    tab.set_content(FIELD + "<script>code.oninput = () => (code.value = code.value.replace('3', '7'))</script>")
    with pytest.raises(FillError, match="the field has 6 digits instead of the 6 digits of the code") as caught:
        fill_code(tab, CODE)
    assert "482917" not in str(caught.value)
    with pytest.raises(FillError, match="the field has '482917' instead of"):
        fill_code(tab, CODE, show_sms=True)


def test_a_code_that_is_complete_too_early_is_sent_once(tab: Page) -> None:
    """A field that submits after four digits without saying so gets no second code."""
    tab.set_content(
        FIELD + "<script>window.sent = []; code.oninput = () => { if (code.value.length === 4) {"
        "sent.push(code.value); code.value = ''; } };</script>"
    )
    with pytest.raises(FillError, match="the field was emptied after 3 of 6 characters, as if it took shorter codes"):
        fill_code(tab, CODE)
    assert tab.evaluate("window.sent") == [CODE[:4]]


def test_a_field_that_takes_the_focus_away_gets_no_key(tab: Page) -> None:
    """Keys that another field would get are held back, and pressed again where they belong."""
    steal = "() => document.querySelector('[name=promo]').focus()"
    thief = f"<script>[40, 80, 120].forEach((ms) => setTimeout({steal}, ms))</script>"
    tab.set_content(PROMO + WIDGET + thief)
    fill_code(tab, CODE)
    assert values(tab) == ["", *CODE]


def test_a_frame_of_another_origin_gets_no_key(tab: Page) -> None:
    """A frame that a script of the page cannot reach takes the focus several times, and none of the code's keys."""
    steal = "() => document.querySelector('input').focus()"
    thief = f"<input><script>[30, 60, 90, 120, 150].forEach((ms) => setTimeout({steal}, ms))</script>"
    page = f"{WIDGET}<iframe src='http://other.test/thief'></iframe>"
    tab.route("**/", lambda route: route.fulfill(body=page, content_type="text/html"))
    tab.route("**/thief", lambda route: route.fulfill(body=thief, content_type="text/html"))
    tab.goto("http://app.test/")
    fill_code(tab, CODE)
    assert [frame.evaluate(VALUES) for frame in tab.frames] == [[*CODE], [""]]


def test_a_frozen_clock_does_not_matter(tab: Page) -> None:
    """Nothing in the page waits for its timers, which a test may have stopped."""
    tab.clock.install(time=0)
    tab.clock.pause_at(1000)
    tab.set_content(BOXES)
    fill_code(tab, CODE)
    assert values(tab) == [*CODE]


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ('<label>Phone <input type="tel"></label>', ["+447400123456"]),
        ('<span>+44</span> <input type="tel" name="phone">', ["7400123456"]),
        (
            '<input name="dial_code" maxlength="4" style="width: 40px" value="+1"><input type="tel" name="phone">',
            ["+44", "7400123456"],
        ),
        ('<label>Mobile number <input name="m" maxlength="11" placeholder="07700 900000"></label>', ["07400123456"]),
    ],
    ids=["plain", "after a country code", "with a field for the code", "as dialled at home"],
)
def test_a_phone_number_in_the_form_that_the_page_wants(tab: Page, html: str, left: list[str]) -> None:
    """The number is international where the country is open, and national where the page shows the country."""
    tab.set_content(html)
    result = fill_phone(tab, "+44 7400 123456")
    assert values(tab) == left
    assert result.how == "typed"


def test_the_country_is_chosen_in_a_list(tab: Page) -> None:
    """In a list of countries the number's country is chosen first; the page hears of the change."""
    tab.set_content(
        "<select onchange='window.chosen = this.value'><option value=US>United States (+1)"
        "<option value=GG>Guernsey (+44)<option value=GB>United Kingdom (+44)</select><input type=tel>"
    )
    fill_phone(tab, "07400 123456", region="GB")
    assert (tab.evaluate("window.chosen"), values(tab)) == ("GB", ["7400123456"])


def test_a_country_that_the_list_does_not_have_is_named(tab: Page) -> None:
    """Where the page's list of countries lacks the number's, the error says which one, and nothing is typed."""
    tab.set_content(
        "<select><option value=US>United States (+1)<option value=DE>Germany (+49)</select><input type=tel>"
    )
    with pytest.raises(FillError, match=r"list of countries does not have United Kingdom \(\+44\), which the number"):
        fill_phone(tab, "+447400123456")
    assert values(tab) == [""]


def test_a_number_of_another_country_is_an_error(tab: Page) -> None:
    """A page that takes numbers of one country only gets no number that it would read as another."""
    tab.set_content('<span>+1</span> <input type="tel" name="phone">')
    with pytest.raises(
        FillError, match=r"the page does not have the number: .* the country code beside it is \+1"
    ) as caught:
        fill_phone(tab, "+447400123456")
    assert "7400123456" not in str(caught.value)


def test_wrong_arguments_are_told(tab: Page) -> None:
    """What is no target, code, number or time is a SettingsError that names it."""
    wrong: list[tuple[Any, Any, dict[str, Any], str]] = [
        ("page", CODE, {}, r"target must be a browser's page or field; got builtins\.str\. Pass Playwright's Page"),
        (tab, "", {}, "code must be a text with at least one letter or digit"),
        (tab, 482913, {}, "code must be a text with at least one letter or digit; got int"),
        (tab, CODE, {"timeout": 0}, "timeout must be a number of seconds greater than 0; got 0"),
    ]
    for target, code, options, message in wrong:
        with pytest.raises(SettingsError, match=message):
            fill_code(target, code, **options)
    with pytest.raises(SettingsError, match=r"number must be a phone number with plus and country code; got '0740'"):
        fill_phone(tab, "0740")


def test_a_number_waits_for_its_code_and_types_it(tab: Page) -> None:
    """`fill_code` of a number returns the code that is in the page, and keeps the result."""
    number = offline("auto")
    tab.set_content(WIDGET)
    code = number.fill_code(tab)
    assert tab.evaluate("window.sent") == [code]
    assert [result.how for result in number.fills] == ["typed"]


def test_the_page_goes_on_while_a_number_waits(tab: Page) -> None:
    """A request of the page that a route of the test answers leads to the SMS that the same call waits for."""
    carrier = Carrier(seed=1)
    number = offline("manual", carrier=carrier, timeout=20)

    def send(route: Route) -> None:
        carrier.deliver(number.e164, f"{CODE} is your code")
        route.fulfill(status=204)

    tab.route("**/send", send)
    tab.route("**/", lambda route: route.fulfill(body=WIDGET, content_type="text/html"))
    tab.goto("http://app.test/")
    tab.evaluate("setTimeout(() => fetch('/send', { method: 'POST' }), 30)")
    assert number.fill_code(tab) == CODE
    assert tab.evaluate("window.sent") == [CODE]


def test_a_code_that_the_page_refuses_counts_as_handed_out(tab: Page) -> None:
    """The error has the code, the order and the number; the next wait does not return the same code again."""
    number = offline("auto")
    tab.set_content(PROMO)
    with pytest.raises(FillError) as caught:
        number.fill_code(tab, fill_timeout=SHORT)
    error = caught.value
    (message,) = number.messages
    assert error.code
    assert error.code in message.text
    assert error.code not in str(error) + repr(error)
    assert (error.order_id, error.number, error.provider) == (number.order_id, number.e164, "fake")
    assert number.fills == ()
    with pytest.raises(CodeTimeout):
        number.wait_code(timeout=0)


def test_an_error_shows_the_field_if_sms_texts_may_be_shown(tab: Page) -> None:
    """A number of a run with `--otp-show-sms` quotes the field that it typed into, and no other run does."""
    spoils = "<script>document.querySelector('#code').oninput = (event) => { event.target.value = 'abc'; };</script>"
    for show_sms in (True, False):
        tab.set_content(FIELD + spoils)
        with pytest.raises(FillError) as caught:
            offline("auto", show_sms=show_sms).fill_code(tab)
        assert ("'abc'" in str(caught.value)) is show_sms
        assert ("3 letters" in str(caught.value)) is not show_sms


def test_a_wrong_target_costs_no_code() -> None:
    """What is no page is refused before the code is waited for."""
    number = offline("auto")
    with pytest.raises(SettingsError, match="target must be"):
        number.fill_code("page")
    assert number.wait_code(timeout=5)


def test_a_wait_that_ends_without_a_code_says_so(tab: Page) -> None:
    """With a page to keep going the wait ends as `wait_code` does."""
    tab.set_content(WIDGET)
    with pytest.raises(CodeTimeout, match=r"no SMS within 0\.1 s"):
        offline("never").fill_code(tab, timeout=0.1)
