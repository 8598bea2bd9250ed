"""Pieces of HTML that several plain pages have."""

from __future__ import annotations

OFF_SCREEN = "position: absolute; left: -9999px"
CODE = '<p><label>Verification code <input data-code name="code"></label></p>'
SUBMIT = '<p><button type="button">Verify</button></p>'


def boxes(count: int = 6, attributes: str = 'maxlength="1" inputmode="numeric"') -> str:
    """Boxes of one character each."""
    return "".join(f'<input data-code size="1" aria-label="Digit {n}" {attributes}>' for n in range(1, count + 1))


OLD = '<input name="old" maxlength="1" size="1">' * 6
"""Boxes that are not to be touched."""
BOXES = f"<fieldset><legend>Enter the code</legend>{boxes()}</fieldset>"
WIRED = 'boxes($$("[data-code]"));'
COMPLETES = 'boxes($$("[data-code]"), { complete: submit });'
