"""Fields and applications that take their time."""

from __future__ import annotations

from ..case import Page
from .snippets import BOXES, CODE, COMPLETES, WIRED, boxes

_CONTROLLED = """
// State that lands after the key, as in a framework that renders later: what is shown follows the state.
const list = $$("[data-code]");
const state = list.map(() => "");
list.forEach((box, index) => box.addEventListener("input", () => {
  const typed = box.value.slice(-1);
  box.value = state[index];
  setTimeout(() => {
    state[index] = typed;
    box.value = typed;
    recordState();
    if (typed) list[index + 1]?.focus();
  }, DELAY);
}));
"""

TIMING = (
    Page(
        "appears-late",
        "the field appears after 900 ms",
        '<div id="here">Sending…</div>',
        f"setTimeout(() => {{ $('#here').innerHTML = `{BOXES}`; {WIRED} }}, 900);",
    ),
    Page(
        "appears-beside",
        "a promo field is there at once, the code's after 700 ms",
        '<label>Promo code <input name="promo"></label><div id="here"></div>',
        f"setTimeout(() => ($('#here').innerHTML = `{CODE}`), 700);",
    ),
    Page(
        "disabled-at-first",
        "disabled for 600 ms",
        CODE,
        "const box = $('[data-code]'); box.disabled = true; setTimeout(() => (box.disabled = false), 600);",
    ),
    Page(
        "boxes-disabled-at-first",
        "boxes disabled for 600 ms",
        f"<fieldset disabled>{boxes()}</fieldset>",
        WIRED + "setTimeout(() => ($('fieldset').disabled = false), 600);",
    ),
    Page(
        "one-box-enabled",
        "each box is enabled by the one before",
        f"<p>Enter the code</p>{boxes()}",
        "const list = $$('[data-code]'); list.slice(1).forEach((box) => (box.disabled = true));"
        "list.forEach((box, index) => box.addEventListener('input', () => {"
        " const next = list[index + 1]; if (box.value && next) { next.disabled = false; next.focus(); } }));",
    ),
    Page(
        "read-only-at-first",
        "read-only for 500 ms",
        CODE,
        "const box = $('[data-code]'); box.readOnly = true; setTimeout(() => (box.readOnly = false), 500);",
    ),
    Page(
        "covered-at-first",
        "covered by a spinner for 800 ms",
        BOXES + '<div id="spin" style="position: fixed; inset: 0; background: #fffc">Loading…</div>',
        WIRED + "setTimeout(() => $('#spin').remove(), 800);",
    ),
    Page("focus-moves-late", "the focus moves 40 ms after a key", BOXES, 'boxes($$("[data-code]"), { after: 40 });'),
    Page(
        "focus-moves-very-late",
        "the focus moves 150 ms after a key",
        BOXES,
        'boxes($$("[data-code]"), { after: 150 });',
    ),
    Page("state-lands-late", "the state lands 30 ms after the key", BOXES, _CONTROLLED.replace("DELAY", "30")),
    Page("state-lands-very-late", "the state lands 120 ms after the key", BOXES, _CONTROLLED.replace("DELAY", "120")),
    Page(
        "one-input-lands-late",
        "one input whose state lands 50 ms after the key",
        CODE,
        """
const box = $("[data-code]");
let state = "";
box.addEventListener("input", () => {
  const typed = box.value;
  box.value = state;
  setTimeout(() => { state = typed; box.value = typed; recordState(); }, 50);
});
""",
    ),
    Page(
        "scripts-late",
        "the page's scripts arrive after 700 ms and clear what was typed before",
        BOXES,
        "$$('[data-code]').forEach((box) => (box.value = '')); recordState();" + WIRED,
        script_after=0.7,
    ),
    Page(
        "scripts-late-replace",
        "the scripts arrive after 700 ms and replace the boxes",
        f"<div id=here>{BOXES}</div>",
        "$('#here').innerHTML = $('#here').innerHTML; recordState();" + WIRED,
        script_after=0.7,
    ),
    Page(
        "scripts-late-one-input",
        "the scripts arrive after 700 ms; the state starts empty",
        CODE,
        "$('[data-code]').value = ''; recordState();",
        script_after=0.7,
    ),
    Page(
        "autofocus-steals",
        "another field takes the focus at 150, 300 and 450 ms",
        '<label>Promo code <input name="promo"></label>' + BOXES,
        WIRED + "[150, 300, 450].forEach((ms) => setTimeout(() => $('[name=promo]').focus(), ms));",
    ),
    Page(
        "focus-stolen-by-code",
        "the page pulls the focus to the first box at 200 and 400 ms",
        BOXES,
        WIRED + "[200, 400].forEach((ms) => setTimeout(() => $('[data-code]').focus(), ms));",
    ),
    Page(
        "boxes-rebuilt",
        "each key replaces all boxes",
        "<div id=here></div>",
        """
let state = "";
function draw() {
  $("#here").innerHTML = "<p>Enter the code</p>" + [0, 1, 2, 3, 4, 5].map((index) =>
    `<input data-code maxlength="1" size="1" inputmode="numeric" value="${state[index] ?? ""}">`).join("");
  $$("[data-code]").forEach((box, index) => (box.oninput = () => {
    state = state.slice(0, index) + box.value;
    draw();
    $$("[data-code]")[Math.min(state.length, 5)].focus();
  }));
}
draw();
""",
    ),
    Page(
        "one-input-rebuilt",
        "each key replaces the input 20 ms later",
        "<div id=here></div>",
        """
function draw(value) {
  $("#here").innerHTML = `<label>Code <input data-code inputmode="numeric" maxlength="6" value="${value}"></label>`;
  const box = $("[data-code]");
  box.oninput = () => setTimeout(() => {
    draw(box.value);
    $("[data-code]").focus();
    $("[data-code]").setSelectionRange(6, 6);
  }, 20);
}
draw("");
""",
    ),
    Page(
        "slow-keys",
        "keys within 25 ms of the one before are ignored",
        CODE,
        """
let last = -1000;
$("[data-code]").addEventListener("keydown", (event) => {
  if (event.key.length > 1) return;
  if (performance.now() - last < 25) event.preventDefault();
  last = performance.now();
});
""",
    ),
    Page(
        "busy-page",
        "the page computes for 120 ms after each key",
        BOXES,
        WIRED + "document.addEventListener('input', () => setTimeout(() => {"
        " const end = performance.now() + 120; while (performance.now() < end); }, 5));",
    ),
    Page(
        "countdown",
        "a countdown changes the page each 50 ms",
        '<p id="left"></p>' + BOXES,
        WIRED + "setInterval(() => ($('#left').textContent = `Send again in ${Math.random()} s`), 50);",
    ),
    Page(
        "step-follows",
        "the phone's step is replaced by the code's after 500 ms",
        '<div id="here"><label>Phone <input name="phone" type="tel" value="+12015550123"></label></div>',
        f"setTimeout(() => {{ $('#here').innerHTML = `{BOXES}`; {COMPLETES} }}, 500);",
        submits=True,
    ),
    Page(
        "layout-shifts",
        "a banner pushes the boxes down while they are filled",
        '<div id="banner"></div>' + BOXES,
        WIRED + "[100, 200, 300].forEach((ms) => setTimeout(() => ($('#banner').style.height = ms + 'px'), ms));",
    ),
)
