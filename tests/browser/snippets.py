"""Pages to fill: pieces of HTML, with the scripts that widgets have."""

from __future__ import annotations

CODE = "482913"
FIELD = '<p><label>Verification code <input id="code"></label></p>'
PROMO = '<p><label>Promo code <input name="promo" autofocus></label></p>'
CARD = '<p><label>Card number <input name="card" autocomplete="cc-number" value="4111111111111111"></label></p>'

BOXES = (
    "<p>Enter the code that we sent you</p><form>"
    + "".join(f'<input maxlength="1" size="1" aria-label="Digit {number}">' for number in range(1, 7))
    + "</form>"
)
MOVES = """<script>
window.boxes = [...document.querySelectorAll("[maxlength='1']")];
window.sent = [];
boxes.forEach((box, index) => box.addEventListener("input", () => {
  if (box.value) setTimeout(() => boxes[index + 1]?.focus(), window.after ?? 0);
  const code = boxes.map((each) => each.value).join("");
  if (code.length === boxes.length) window.sent.push(code);
}));
</script>"""
WIDGET = BOXES + MOVES
"""Six boxes that move the focus on, and record each code that is complete."""

CLEARS = "<script>boxes[5].addEventListener('input', () => boxes.forEach((each) => (each.value = '')));</script>"
VALUES = "[...document.querySelectorAll('input')].map((each) => each.value)"
