"""Fields in dialogs, frames and shadow roots."""

from __future__ import annotations

from ..case import Page
from .snippets import BOXES, CODE, OLD, WIRED, boxes

_SHADOW = """
const host = document.querySelector("#host");
const root = host.attachShadow({ mode: "open" });
"""

PLACES = (
    Page(
        "dialog",
        "a modal dialog over a page with a code field of its own",
        f'<label>Gift code <input name="code"></label>{OLD}<dialog>{BOXES}</dialog>',
        '$("dialog").showModal();' + WIRED,
    ),
    Page(
        "dialog-drawn",
        "a drawn dialog covers the code field behind it",
        '<label>Verification code <input name="code" autocomplete="one-time-code"></label>'
        '<div role="dialog" aria-modal="true" style="position: fixed; inset: 0; background: white"><p>Enter the SMS code</p>'
        '<input data-code inputmode="numeric" maxlength="6"></div>',
    ),
    Page(
        "dialog-slides-in",
        "a dialog that takes half a second to slide in",
        "<style>@keyframes in { from { transform: translateY(110vh) } } [role=dialog] { animation: in 0.5s }</style>"
        f'<div role="dialog" style="position: fixed; inset: 20px; background: white">{BOXES}</div>',
        WIRED,
    ),
    Page(
        "iframe", "a frame of the same origin", '<h1>Pay</h1><iframe src="{same}/plain/one-input?run={run}"></iframe>'
    ),
    Page(
        "iframe-cross-origin",
        "a frame of another origin, beside a field on the page",
        '<label>Promo code <input name="promo"></label><iframe src="{other}/plain/boxes-wired?run={run}"></iframe>',
    ),
    Page(
        "iframe-nested",
        "a frame of another origin in a frame",
        '<iframe width="600" height="500" src="{same}/plain/iframe-cross-origin?run={run}"></iframe>',
    ),
    Page(
        "thief",
        "a field that takes the focus",
        '<input name="thief">',
        "[20, 40, 60, 80, 100, 150, 200, 300].forEach((ms) => setTimeout(() => $('input').focus(), ms));",
        helper=True,
    ),
    Page(
        "iframe-steals",
        "a frame of another origin takes the focus eight times",
        f'{BOXES}<iframe src="{{other}}/plain/thief?run={{run}}"></iframe>',
        WIRED,
    ),
    Page(
        "iframe-robbed",
        "boxes in a frame of another origin, and the page takes the focus",
        '<input name="thief"><iframe src="{other}/plain/boxes-wired?run={run}"></iframe>',
        "[100, 150, 200, 250, 300, 400].forEach((ms) => setTimeout(() => $('input').focus(), ms));",
    ),
    Page(
        "iframe-late",
        "a frame that is added after 600 ms, beside one for tracking",
        '<iframe src="about:blank" width="1" height="1"></iframe><div id="here"></div>',
        "setTimeout(() => { const frame = document.createElement('iframe'); frame.src = '{other}/plain/one-input?run={run}';"
        " $('#here').append(frame); }, 600);",
    ),
    Page(
        "iframe-hidden-twin",
        "the same form in a hidden frame and in a visible one",
        '<iframe style="display: none" src="{same}/plain/twin"></iframe><iframe src="{same}/plain/one-input?run={run}"></iframe>',
    ),
    Page(
        "iframe-scrolled",
        "a frame far below, and the field far below in it",
        '<div style="height: 2500px">Terms</div><iframe src="{same}/plain/scrolled?run={run}"></iframe>',
    ),
    Page("scrolled", "far below", f'<div style="height: 3000px">Terms</div>{CODE}'),
    Page("twin", "an unused form", '<label>Verification code <input name="twin"></label>', helper=True),
    Page("boxes-wired", "six boxes", BOXES, WIRED),
    Page(
        "shadow",
        "an open shadow root",
        '<div id="host"></div>',
        _SHADOW + f"root.innerHTML = `{BOXES}`; boxes([...root.querySelectorAll('[data-code]')]);"
        "root.addEventListener('input', () => record('state', collect(root)));",
    ),
    Page(
        "shadow-nested",
        "a shadow root in a shadow root, beside a field on the page",
        '<label>Referral code <input name="referral"></label><div id="host"></div>',
        _SHADOW + "root.innerHTML = '<section><div></div></section>';"
        "const inner = root.querySelector('div').attachShadow({ mode: 'open' });"
        f"inner.innerHTML = `{CODE}`;",
    ),
    Page(
        "shadow-each-box",
        "each box is a component with a shadow root",
        "<form><p>Enter the code</p><code-box></code-box><code-box></code-box><code-box></code-box>"
        "<code-box></code-box><code-box></code-box><code-box></code-box></form>",
        """
const inputs = () => $$("code-box").map((box) => box.shadowRoot.querySelector("input"));
collect = () => inputs().map(valueOf).join("");
customElements.define("code-box", class extends HTMLElement {
  connectedCallback() {
    this.attachShadow({ mode: "open" }).innerHTML = '<input data-code maxlength="1" size="1" inputmode="numeric">';
  }
});
boxes(inputs());
""",
    ),
    Page(
        "shadow-in-iframe",
        "a shadow root in a frame of another origin",
        '<iframe width="500" height="300" src="{other}/plain/shadow?run={run}"></iframe>',
    ),
    Page(
        "split-in-two",
        "two inputs of three digits each",
        '<p>SMS code</p><input data-code maxlength="3" size="3" inputmode="numeric"> - '
        '<input data-code maxlength="3" size="3" inputmode="numeric">',
        '$$("[data-code]")[0].oninput = (event) => event.target.value.length === 3 && $$("[data-code]")[1].focus();',
    ),
    Page(
        "three-and-three",
        "three boxes, a dash, three boxes, in one wrapper each",
        "<p>Enter the code</p>"
        + "".join(f"<div style='display:inline-block'><div>{boxes(1)}</div></div>" for _ in range(3))
        + "<span> - </span>"
        + "".join(f"<div style='display:inline-block'><div>{boxes(1)}</div></div>" for _ in range(3)),
        WIRED,
    ),
    Page(
        "two-rows-of-boxes",
        "a PIN's boxes above the code's boxes",
        f"<fieldset><legend>Choose a PIN</legend>{OLD[: len(OLD) // 6 * 4]}</fieldset>{BOXES}",
        WIRED,
    ),
    Page(
        "frozen-clock",
        "the page's clock stands still",
        BOXES,
        WIRED,
        frozen=True,
    ),
)
