"""Pages on which a person could not enter the code: a `FillError`, and nothing is sent."""

from __future__ import annotations

from ..case import Page
from .snippets import CODE, COMPLETES, OFF_SCREEN, OLD, boxes

_PATIENCE = 1.5

REFUSING = (
    Page(
        "fewer-boxes",
        "four boxes for six digits, sent with the fourth",
        f"<p>Enter the code</p>{boxes(4)}",
        COMPLETES,
        error=("4",),
        patience=_PATIENCE,
    ),
    Page(
        "too-short",
        "an input of four characters, sent with the fourth",
        CODE.replace("<input", '<input maxlength="4"'),
        "const box = $('[data-code]'); box.oninput = () => box.value.length === 4 && submit(box.value);",
        error=("4",),
        patience=_PATIENCE,
    ),
    Page(
        "covered",
        "covered for good",
        CODE + '<div style="position: fixed; inset: 0; background: #fff">Maintenance</div>',
        error=("cover",),
        patience=_PATIENCE,
    ),
    Page(
        "off-screen",
        "off the screen for good",
        f'<div style="{OFF_SCREEN}">{CODE}</div>',
        error=("screen",),
        patience=_PATIENCE,
    ),
    Page(
        "disabled",
        "disabled for good",
        CODE.replace("<input", "<input disabled"),
        error=("disabled",),
        patience=_PATIENCE,
    ),
    Page(
        "read-only",
        "read-only for good",
        CODE.replace("<input", "<input readonly"),
        error=("read",),
        patience=_PATIENCE,
    ),
    Page("not-displayed", "not displayed", f'<div style="display: none">{CODE}</div>', error=(), patience=_PATIENCE),
    Page(
        "no-field",
        "no field of a code at all",
        '<input type="search" name="q"><label>E-mail <input type="email" name="email"></label>',
        error=(),
        patience=_PATIENCE,
    ),
    Page(
        "promo-only",
        "only a promo code and a card's security code",
        '<p><label>Promo code <input name="promo"></label></p><p><label>CVV <input name="cvv" maxlength="4"></label></p>',
        error=(),
        patience=_PATIENCE,
    ),
    Page(
        "team-only",
        "only the codes of a team, of an invitation and of a meeting",
        '<form><label>Team code <input name="f1" maxlength="6"></label><button type="button">Join</button></form>'
        '<form><label>Invite code <input name="f2"></label><button type="button">Continue</button></form>'
        '<form><label>Meeting PIN <input name="f3" inputmode="numeric"></label><button type="button">Enter</button></form>',
        error=("no field for a code", "Team code", "Invite code", "Meeting PIN"),
        patience=_PATIENCE,
    ),
    Page(
        "apply-only",
        "only a field for a code to apply",
        '<label>Have a code? <input name="f1"></label><button type="button">Apply</button>',
        error=("no field for a code", "Have a code?"),
        patience=_PATIENCE,
    ),
    Page(
        "card-on-page",
        "a filled card and password, and no code field",
        '<p><label>Card number <input name="card" autocomplete="cc-number" value="4111111111111111"></label></p>'
        '<p><label>Password <input type="password" name="password" value="hunter2-secret"></label></p>',
        error=(),
        patience=_PATIENCE,
    ),
    Page(
        "swallows-nines",
        "the boxes take no 9",
        f"<p>Enter the code</p>{boxes()}",
        "document.addEventListener('keydown', (event) => event.key === '9' && event.preventDefault());"
        "document.addEventListener('paste', (event) => event.preventDefault());" + COMPLETES,
        error=(),
        patience=_PATIENCE,
    ),
    Page(
        "digits-only",
        "a code of letters in boxes of digits",
        f"<p>Enter the code</p>{boxes()}",
        "document.addEventListener('beforeinput', (event) => /\\D/.test(event.data ?? '') && event.preventDefault());"
        + COMPLETES,
        value="QWERTZ",
        error=(),
        patience=_PATIENCE,
    ),
    Page(
        "empties-itself",
        "the field empties itself after each key",
        CODE,
        "const box = $('[data-code]'); box.oninput = () => { box.value = ''; recordState(); };",
        error=("without showing them",),
        patience=_PATIENCE,
    ),
    Page(
        "target-too-narrow",
        "the test passes a form without a code field",
        f'<form id="a"><input type="email"></form>{CODE}',
        target="#a",
        error=(),
        patience=_PATIENCE,
    ),
    Page(
        "frame-takes-focus",
        "a frame of another origin takes the focus as soon as the field has it",
        '<iframe src="{other}/plain/thief?run={run}"></iframe>' + CODE,
        "$('[data-code]').addEventListener('focus', () => $('[data-code]').blur());",
        error=("takes the focus again and again",),
        patience=_PATIENCE,
    ),
    Page(
        "phone-others-only",
        "only numbers of other people, and of a fax",
        '<p><label>Phone number of the person who referred you <input name="f1" type="tel"></label></p>'
        '<p><label>Emergency contact phone <input name="f2" type="tel"></label></p>'
        '<p><label>Fax <input name="f3" type="tel"></label></p>',
        value="+6281234567890",
        error=("no field for a phone number", "Fax"),
        kind="phone",
        patience=_PATIENCE,
    ),
    Page(
        "phone-select-without-country",
        "a list of countries without the number's",
        '<select data-own name="country"><option value="US">United States (+1)</option>'
        '<option value="GB">United Kingdom (+44)</option></select><input name="phone" type="tel">',
        value="+6281234567890",
        error=("list of countries does not have Indonesia (+62)",),
        kind="phone",
        patience=_PATIENCE,
    ),
    Page(
        "four-old-boxes",
        "a PIN of four boxes only",
        f"<p>Your PIN</p>{OLD[: len(OLD) // 6 * 4]}",
        error=(),
        patience=_PATIENCE,
    ),
)
