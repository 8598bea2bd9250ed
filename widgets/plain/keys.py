"""What the field makes of keys, and what follows the last."""

from __future__ import annotations

from ..case import Page
from .snippets import BOXES, CODE, COMPLETES, WIRED, boxes

_ONE = '<p><label>Verification code <input data-code name="code" inputmode="numeric" maxlength="6"{}></label></p>'
_ON_SIX = "const box = $('[data-code]'); box.addEventListener('input', async () => {{ if (box.value.length === 6) {{ {} }} }});"
_PASTE = """
const list = $$("[data-code]");
list.forEach((box) => {
  box.addEventListener("keydown", (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.preventDefault());
  box.addEventListener("paste", (event) => {
    event.preventDefault();
    const text = event.clipboardData.getData("text").trim();
    if (list.length === 1) box.value = text;
    else list.forEach((each, index) => (each.value = text[index] ?? ""));
    recordState();
  });
});
"""

KEYS = (
    Page("digits-there", "two old digits are in the input", _ONE.format(' value="12"')),
    Page(
        "digits-there-boxes",
        "three boxes hold old digits",
        f"<p>Enter the code</p>{boxes()}",
        WIRED + "$$('[data-code]').slice(0, 3).forEach((box) => (box.value = '7'));",
    ),
    Page(
        "wrong-code-there",
        "all boxes hold the refused code",
        f"<p>Wrong code</p>{boxes()}",
        "$$('[data-code]').forEach((box) => (box.value = '7'));" + WIRED,
    ),
    Page(
        "same-code-there",
        "all boxes but the last hold the right digits",
        f"<p>Enter the code</p>{boxes()}",
        "$$('[data-code]').slice(0, 5).forEach((box, index) => (box.value = '48291'[index]));" + COMPLETES,
        submits=True,
    ),
    Page("no-script", "boxes without any script", f"<p>Enter the code</p>{boxes()}"),
    Page(
        "no-script-no-maxlength",
        "boxes without script or maxlength",
        f"<p>Enter the code</p>{boxes(6, 'inputmode=numeric')}",
    ),
    Page("paste-only", "the input takes a paste, no keys", CODE, _PASTE),
    Page("paste-only-boxes", "the boxes take a paste, no keys", BOXES, _PASTE),
    Page(
        "navigates",
        "the last digit leads to another page",
        _ONE.format(""),
        _ON_SIX.format("await submit(box.value); location.assign('/welcome');"),
        ending="gone",
        submits=True,
    ),
    Page(
        "form-submits",
        "the last digit submits the form",
        '<form action="/welcome">' + _ONE.format("") + "</form>",
        _ON_SIX.format("record('submission', box.value); box.form.requestSubmit();"),
        ending="gone",
        submits=True,
    ),
    Page(
        "vanishes",
        "the widget vanishes with the last digit",
        BOXES,
        "boxes($$('[data-code]'), { complete: async (code) => { const sent = submit(code); $('fieldset').remove();"
        " await sent; document.body.append('Welcome!'); } });",
        ending="gone",
        submits=True,
    ),
    Page(
        "clears",
        "the code is refused and the boxes are cleared",
        BOXES,
        "boxes($$('[data-code]'), { complete: async (code) => { await submit(code);"
        " $$('[data-code]').forEach((box) => (box.value = '')); recordState(); $('[data-code]').focus(); } });",
        ending="cleared",
        submits=True,
    ),
    Page(
        "clears-at-once",
        "refused and cleared in the same tick",
        BOXES,
        "boxes($$('[data-code]'), { complete: (code) => { submit(code); $$('[data-code]').forEach((box) => (box.value = ''));"
        " recordState(); $('[data-code]').focus(); } });",
        ending="cleared",
        submits=True,
    ),
    Page(
        "clears-later",
        "refused and cleared half a second later",
        BOXES,
        "boxes($$('[data-code]'), { complete: async (code) => { await submit(code); setTimeout(() => {"
        " $$('[data-code]').forEach((box) => (box.value = '')); recordState(); $('[data-code]').focus(); }, 500); } });",
        ending="cleared",
        submits=True,
    ),
    Page(
        "disabled-on-submit",
        "the boxes are disabled while the code is checked",
        BOXES,
        "boxes($$('[data-code]'), { complete: async (code) => { const sent = submit(code);"
        " $$('[data-code]').forEach((box) => (box.disabled = true)); await sent; } });",
        submits=True,
    ),
    Page(
        "alert-on-submit",
        "the button is enabled by the last digit",
        _ONE.format("") + "<button disabled>Verify</button>",
        _ON_SIX.format("$('button').disabled = false; $('button').focus();"),
    ),
    Page(
        "one-under-six",
        "one see-through input under six drawn boxes",
        '<div style="position: relative; width: 300px; height: 50px"><input data-code inputmode="numeric" maxlength="6"'
        ' autocomplete="one-time-code" style="position: absolute; inset: 0; width: 100%; opacity: 0">'
        + '<div class="box" style="display: inline-block; width: 40px; height: 48px; border: 1px solid"></div>' * 6
        + "</div>",
        "$('[data-code]').oninput = (event) => $$('.box').forEach((box, i) => (box.textContent = event.target.value[i] ?? ''));"
        "$$('.box').forEach((box) => (box.onclick = () => $('[data-code]').focus()));",
    ),
    Page(
        "one-under-six-covered",
        "six drawn boxes over the one real input take the clicks",
        '<label style="position: relative; display: block; width: 300px; height: 50px"><input data-code inputmode="numeric"'
        ' maxlength="6" style="width: 100%; height: 40px; color: transparent">'
        '<div style="position: absolute; inset: 0; background: #fff">'
        + '<span class="box" style="display: inline-block; width: 40px; height: 40px; border: 1px solid"></span>' * 6
        + "</div></label>",
        "$('[data-code]').oninput = (event) => $$('.box').forEach((box, i) => (box.textContent = event.target.value[i] ?? ''));",
    ),
    Page(
        "first-holds-six",
        "the first box has maxlength 6, the others 1",
        f"<p>Enter the code</p>{boxes()}",
        """
const list = $$("[data-code]");
list[0].maxLength = 6;
list[0].addEventListener("input", () => {
  const text = list[0].value;
  if (text.length > 1) list.forEach((box, index) => (box.value = text[index] ?? box.value));
});
boxes(list);
""",
    ),
    Page("unknown-type", "an input type that no browser knows", CODE.replace("<input", '<input type="otp"')),
    Page(
        "boxes-unknown-type",
        "boxes of an unknown type",
        f"<p>Enter the code</p>{boxes(6, 'type=numeric maxlength=1')}",
        WIRED,
    ),
    Page("type-tel", "boxes of type tel", f"<p>Enter the code</p>{boxes(6, 'type=tel maxlength=1')}", WIRED),
    Page("type-number", "boxes of type number", f"<p>Enter the code</p>{boxes(6, 'type=number min=0 max=9')}", WIRED),
    Page(
        "type-password",
        "boxes of type password",
        f"<p>Enter the code</p>{boxes(6, 'type=password maxlength=1')}",
        WIRED,
    ),
    Page("one-number", "one input of type number", CODE.replace("<input", '<input type="number"')),
    Page(
        "one-password",
        "one input of type password",
        CODE.replace("<input", '<input type="password" autocomplete="off"'),
    ),
    Page(
        "leading-zero",
        "a code that starts with zeros, in an input of type tel",
        CODE.replace("<input", '<input type="tel"'),
        value="004017",
    ),
    Page(
        "textarea", "a textarea", CODE.replace("<input", "<textarea rows=1").replace("</label>", "</textarea></label>")
    ),
    Page(
        "contenteditable",
        "contenteditable boxes",
        "<p>Enter the code</p>"
        + '<span data-code contenteditable="true" role="textbox" style="display: inline-block; width: 30px; height: 40px;'
        ' border: 1px solid"></span>' * 6,
        "const list = $$('[data-code]'); list.forEach((box, index) => (box.oninput = () => box.textContent &&"
        " list[index + 1]?.focus()));",
    ),
    Page(
        "contenteditable-one",
        "one contenteditable field",
        '<p id="l">Verification code</p><div data-code contenteditable="plaintext-only" role="textbox" aria-labelledby="l"'
        ' style="width: 200px; height: 30px; border: 1px solid"></div>',
    ),
    Page(
        "mask-space",
        "a mask adds a space: 123 456",
        '<p><label>Code <input data-code maxlength="7"></label></p>',
        "const box = $('[data-code]'); box.addEventListener('input', () => { const all = box.value.replace(/\\D/g, '').slice(0, 6);"
        " box.value = all.length > 3 ? all.slice(0, 3) + ' ' + all.slice(3) : all; recordState(); });",
        state="482 913",
    ),
    Page(
        "mask-hyphen",
        "a mask with placeholders: ___-___",
        '<p><label>Code <input data-code placeholder="___-___"></label></p>',
        """
const box = $("[data-code]");
box.addEventListener("input", () => {
  const all = box.value.replace(/\\D/g, "").slice(0, 6);
  const shown = all.padEnd(6, "_");
  box.value = shown.slice(0, 3) + "-" + shown.slice(3);
  const at = all.length + (all.length > 3 ? 1 : 0);
  box.setSelectionRange(at, at);
  recordState();
});
""",
        state="482-913",
    ),
    Page(
        "upper-case",
        "letters become capitals",
        f"<p>Enter the code</p>{boxes(6, 'maxlength=1')}",
        "$$('[data-code]').forEach((box) => box.addEventListener('input', () => (box.value = box.value.toUpperCase())));"
        "document.addEventListener('input', () => recordState());" + WIRED,
        value="k7m2qx",
        state="K7M2QX",
    ),
    Page("letters", "a code of letters", CODE, value="QWERTZ"),
    Page(
        "select-on-focus",
        "each box selects what is in it",
        BOXES,
        WIRED + "$$('[data-code]').forEach((box) => (box.onfocus = () => box.select()));",
    ),
    Page(
        "key-codes",
        "keys are read from keydown, and the browser's own input is prevented",
        BOXES,
        """
const list = $$("[data-code]");
list.forEach((box, index) => box.addEventListener("keydown", (event) => {
  if (event.keyCode < 48 || event.keyCode > 57) return;
  event.preventDefault();
  box.value = String.fromCharCode(event.keyCode);
  recordState();
  list[index + 1]?.focus();
}));
""",
    ),
    Page(
        "key-up",
        "the focus moves on keyup",
        BOXES,
        "const list = $$('[data-code]'); list.forEach((box, index) => box.addEventListener('keyup', (event) =>"
        " /^\\d$/.test(event.key) && list[index + 1]?.focus()));",
    ),
    Page(
        "trusted-only",
        "events that no user caused are refused",
        BOXES,
        "$$('[data-code]').forEach((box) => box.addEventListener('input', (event) => {"
        " if (!event.isTrusted) { box.value = ''; recordState(); } }));" + WIRED,
    ),
    Page(
        "four-digits",
        "four digits in four boxes",
        f"<p>Enter the code</p>{boxes(4)}",
        COMPLETES,
        value="0417",
        submits=True,
    ),
    Page(
        "eight-digits",
        "eight digits in eight boxes",
        f"<p>Enter the code</p>{boxes(8)}",
        COMPLETES,
        value="90417733",
        submits=True,
    ),
    Page("repeated-digits", "one digit six times", BOXES, COMPLETES, value="777777", submits=True),
    Page("more-boxes", "eight boxes for six digits", f"<p>Enter the code</p>{boxes(8)}", WIRED),
)
