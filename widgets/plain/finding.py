"""The code's field among others."""

from __future__ import annotations

from ..case import Page
from .snippets import BOXES, CODE, OFF_SCREEN, OLD, SUBMIT, WIRED, boxes

_LITTLE = '<input data-code inputmode="numeric" maxlength="6"><button type="button">Continue</button>'

FINDING = (
    Page("one-input", "one labelled input", CODE + SUBMIT),
    Page(
        "autocomplete-only",
        "nothing but autocomplete says what it is",
        '<input data-code autocomplete="one-time-code">',
    ),
    Page("placeholder-only", "nothing but a placeholder", '<input data-code placeholder="6-digit code">'),
    Page("name-only", "nothing but a name", '<div>Check your phone</div><input data-code name="otp">'),
    Page("heading-only", "nothing but the heading above it", "<h2>Enter your verification code</h2><input data-code>"),
    Page(
        "labelled-by",
        "the label is named by aria-labelledby",
        '<p id="l">SMS code</p><input data-code aria-labelledby="l">',
    ),
    Page(
        "beside-promo",
        "a promo code with autofocus comes first",
        '<p><label>Promo code <input name="promo_code" autofocus maxlength="6"></label></p>' + CODE,
    ),
    Page(
        "beside-cvv",
        "a card's security code, and its expiry",
        '<p><label>Card number <input name="card" autocomplete="cc-number" inputmode="numeric"></label></p>'
        '<p><label>Expiry <input name="exp" autocomplete="cc-exp" maxlength="5"></label></p>'
        '<p><label>Security code <input name="cvv" autocomplete="cc-csc" maxlength="4" inputmode="numeric"></label></p>'
        '<p><label>Code from the SMS <input data-code name="sms" inputmode="numeric"></label></p>',
    ),
    Page(
        "beside-cvv-boxes",
        "a card's code before boxes",
        '<p><label>CVC <input name="cvc" maxlength="3" inputmode="numeric"></label></p>' + BOXES,
        WIRED,
    ),
    Page(
        "beside-search",
        "a search field above and a newsletter below",
        '<form role="search"><input type="search" name="q" placeholder="Search"></form>'
        + BOXES
        + '<form><input type="email" name="email" placeholder="Your e-mail"></form>',
        WIRED,
    ),
    Page(
        "beside-search-text",
        "a search field of type text, with the focus",
        '<header><input name="s" placeholder="Search our help pages for a code" autofocus></header>' + CODE,
    ),
    Page(
        "beside-postal",
        "a postal code, a country's code and a coupon's",
        '<p><label>Postal code <input name="zip" maxlength="6" inputmode="numeric"></label></p>'
        '<p><label>Country code <input name="cc" maxlength="3"></label></p>'
        '<p><label>Coupon code <input name="coupon"></label></p>' + CODE,
    ),
    Page(
        "beside-password",
        "user name and password above",
        '<p><label>User name <input name="user" autocomplete="username"></label></p>'
        '<p><label>Password <input name="password" type="password"></label></p>'
        '<p><label>Code <input data-code name="code" inputmode="numeric"></label></p>',
    ),
    Page(
        "beside-birthday",
        "a date of birth in boxes",
        '<fieldset><legend>Date of birth</legend><input name="dd" maxlength="2" placeholder="DD" inputmode="numeric">'
        '<input name="mm" maxlength="2" placeholder="MM" inputmode="numeric">'
        '<input name="yyyy" maxlength="4" placeholder="YYYY" inputmode="numeric"></fieldset>' + BOXES,
        WIRED,
    ),
    Page(
        "beside-phone",
        "the phone number that the code was sent to",
        '<p><label>Phone <input name="phone" type="tel" value="+12015550123"></label></p>' + CODE,
    ),
    Page(
        "beside-backup",
        "a field for a backup code below",
        '<p><label>6-digit code from the text message <input data-code name="token" maxlength="6"></label></p>'
        '<p><label>or a backup code <input name="backup_code" maxlength="10"></label></p>',
    ),
    Page(
        "beside-quantity",
        "numbers of goods and an amount",
        '<p><label>Quantity <input name="quantity" type="number" value="1"></label></p>'
        '<p><label>Amount <input name="amount" inputmode="decimal"></label></p>' + CODE,
    ),
    Page(
        "beside-access",
        "an access code to join a team, and a code field that says little",
        '<form><label>Access code <input name="f1" maxlength="6"></label><button type="button">Join</button></form>'
        f"<h2>Check your phone</h2>{_LITTLE}",
    ),
    Page(
        "beside-have-a-code",
        "a field for any code to apply, and a code field that says little",
        '<p><label>Have a code? <input name="f1"></label><button type="button">Apply</button></p>'
        f"<p>We sent you a text message</p>{_LITTLE}",
    ),
    Page(
        "beside-team-german",
        "in German, beside the code of a team",
        '<form><label>Teamcode <input name="f1"></label><button type="button">Beitreten</button></form>'
        '<p>Wir haben dir eine SMS geschickt.</p><label>Code <input data-code name="f2"></label>'
        '<button type="button">Weiter</button>',
    ),
    Page(
        "beside-gift-card",
        "a fieldset for gift cards whose field is labelled as the code's",
        '<fieldset><legend>Gift card</legend><label>Code <input name="f1"></label></fieldset>'
        '<fieldset><legend>Your order</legend><label>Code <input data-code name="f2"></label></fieldset>',
    ),
    Page(
        "old-step",
        "the hidden step before has the same boxes",
        f'<div style="display: none">{OLD}</div><div style="visibility: hidden">{OLD}</div>' + BOXES,
        WIRED,
    ),
    Page(
        "old-step-done",
        "the code of the step before stays to be seen, read-only",
        '<p><label>E-mail code <input name="code1" value="111222" readonly></label></p>'
        '<p><label>SMS code <input data-code name="code2"></label></p>',
    ),
    Page(
        "old-step-inert",
        "the step before is inert and see-through",
        '<div inert style="opacity: 0.2"><label>Code <input name="code" maxlength="6" autocomplete="one-time-code"></label></div>'
        + CODE,
    ),
    Page(
        "old-step-slid-out",
        "the step before slid out of its frame",
        '<div style="overflow: hidden; width: 300px"><div style="display: flex; width: 600px; transform: translateX(-300px)">'
        '<div style="width: 300px"><label>Code <input name="code1" maxlength="6"></label></div>'
        '<div style="width: 300px"><label>Code <input data-code name="code2" maxlength="6"></label></div></div></div>',
    ),
    Page(
        "decoy-off-screen",
        "a honeypot off the screen has the better name",
        f'<div style="{OFF_SCREEN}"><label>Verification code <input name="otp" autocomplete="off"></label></div>'
        '<p><label>Code <input data-code name="f7"></label></p>',
    ),
    Page(
        "decoy-no-size",
        "a honeypot without any height",
        '<div style="height: 0; overflow: hidden"><label>One-time code <input name="otp"></label></div>'
        '<p><label>Code <input data-code name="f7"></label></p>',
    ),
    Page(
        "tiny-beside-decoy",
        "an input of 1x1 px without pointer events, beside a larger decoy that is aria-hidden",
        '<div style="position: relative"><p>Enter the code</p>'
        '<input data-code autocomplete="one-time-code" inputmode="numeric" maxlength="6" style="width: 1px; height: 1px;'
        ' position: absolute; opacity: 0; pointer-events: none; border: 0; padding: 0">'
        '<input name="decoy" aria-hidden="true" tabindex="-1" readonly style="width: 200px">'
        '<div id="drawn" tabindex="-1">______</div></div>',
        '$("#drawn").onclick = () => $("[data-code]").focus();'
        '$("[data-code]").oninput = (event) => ($("#drawn").textContent = event.target.value.padEnd(6, "_"));',
    ),
    Page(
        "boxes-aria-hidden",
        "the real boxes are aria-hidden",
        f'<p>Enter the code</p><div aria-hidden="true">{boxes()}</div>',
        WIRED,
    ),
    Page(
        "german",
        "in German, beside a voucher",
        "<p><label>Gutscheincode <input name=gutschein></label></p>"
        "<p><label>Bestätigungscode <input data-code name=feld2></label></p>",
    ),
    Page(
        "indonesian",
        "in Indonesian, beside a referral",
        "<p><label>Kode referral <input name=ref></label></p>"
        "<p><label>Kode OTP <input data-code name=input2></label></p>",
    ),
    Page(
        "russian",
        "in Russian, beside a promo code",
        "<p><label>Промокод <input name=promo></label></p><p><label>Код из СМС <input data-code name=f2></label></p>",
    ),
    Page(
        "japanese",
        "in Japanese, beside an invitation",
        "<p><label>招待コード <input name=shotai></label></p>"
        "<p><label>認証コード <input data-code name=f2></label></p>",
    ),
    Page(
        "arabic",
        "in Arabic, from right to left",
        f"<div dir=rtl><p><label>كود الخصم <input name=discount></label></p>"
        f"<p>أدخل رمز التحقق</p><div>{boxes(6, 'maxlength=1')}</div></div>",
        WIRED,
    ),
    Page(
        "spanish",
        "in Spanish, beside a postal code",
        "<p><label>Código postal <input name=cp maxlength=5></label></p>"
        "<p><label>Código de verificación <input data-code name=f2></label></p>",
    ),
    Page(
        "target-field",
        "two equal fields: the test passes the second",
        '<p><label>Code <input name="one"></label></p><p><label>Code <input data-code name="two"></label></p>',
        target="[name=two]",
    ),
    Page(
        "target-first-box",
        "the test passes the first box of the second form",
        f'<form id="a">{OLD}</form><form id="b">{boxes()}</form>',
        WIRED,
        target="#b input",
    ),
    Page(
        "target-form",
        "the test passes the form",
        f'<form id="a">{OLD}</form><form id="b">{boxes()}</form>',
        WIRED,
        target="#b",
    ),
)
