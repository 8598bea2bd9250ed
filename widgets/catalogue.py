"""The widgets that are tried, and the cases that are made of them and of the plain pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal

from .case import Case, Widget
from .plain import PAGES

CODES = {4: "4829", 6: "482913", 8: "48291376"}
LETTERS = {4: "4K7M", 6: "K7M2QX", 8: "4K7M2QXP"}
BOX = "#app input"
Size = Literal["full", "short", "few"]
FIRST = ("6 digits", "US from US")
FEW = ("input-otp", "radix", "react-phone-number-input")
MORE = ("input-otp/refused", "chakra/vanishes", "react-otp-input/navigates", "react-phone-number-input/ID from US")
"""What a short run has besides the first case of each widget."""
NUMBERS = {"US": "+12015550123", "ID": "+6281234567890", "GB": "+447400123456"}

WIDGETS = (
    Widget("input-otp", "input-otp", "React", "[data-input-otp]", named=True),
    Widget("radix", "@radix-ui/react-one-time-password-field", "React", BOX, named=True),
    Widget("react-otp-input", "react-otp-input", "React", BOX, named=True),
    Widget("chakra", "@chakra-ui/react", "React", "#app [data-part=input]", named=True),
    Widget("ng-otp-input", "ng-otp-input", "Angular", BOX, named=True),
    Widget("vue3-otp-input", "vue3-otp-input", "Vue", BOX, letters=False, named=True),
    Widget("react-verification-input", "react-verification-input", "React", BOX, named=True),
    Widget("react-pin-field", "react-pin-field", "React", BOX, named=True),
    Widget("react-phone-number-input", "react-phone-number-input", "React", "#app input", "phone", named=True),
    Widget("react-phone-number-input-international", "react-phone-number-input", "React", BOX, "phone", named=True),
    Widget(
        "react-phone-number-input-fixed",
        "react-phone-number-input",
        "React",
        BOX,
        "phone",
        named=True,
        fixed_country=True,
    ),
    Widget(
        "react-phone-number-input-plain",
        "react-phone-number-input",
        "React",
        BOX,
        "phone",
        named=True,
        fixed_country=True,
    ),
    Widget("intl-tel-input", "intl-tel-input", "none", "#phone", "phone", named=True),
    Widget("intl-tel-input-separate", "intl-tel-input", "none", "#phone", "phone", named=True),
    Widget("intl-tel-input-strict", "intl-tel-input", "none", "#phone", "phone", named=True),
    Widget("antd", "antd", "React", BOX),
    Widget("mantine", "@mantine/core", "React", BOX),
    Widget("ark-ui", "@ark-ui/react", "React", "#app [data-part=input]"),
    Widget("primereact", "primereact", "React", BOX),
    Widget("mui-one-time-password-input", "mui-one-time-password-input", "React", BOX),
    Widget("react-code-input", "react-code-input", "React", BOX),
    Widget("react-auth-code-input", "react-auth-code-input", "React", BOX),
    Widget("react-pin-input", "react-pin-input", "React", BOX),
    Widget("react-verification-code-input", "react-verification-code-input", "React", BOX),
    Widget("react-input-verification-code", "react-input-verification-code", "React", BOX),
    Widget("primevue", "primevue", "Vue", BOX),
    Widget("reka-ui", "reka-ui", "Vue", BOX),
    Widget("vuetify", "vuetify", "Vue", ".v-otp-input__input"),
    Widget("maz-ui", "maz-ui", "Vue", BOX),
    Widget("ngx-otp-input", "ngx-otp-input", "Angular", BOX),
    Widget("bits-ui", "bits-ui", "Svelte", BOX),
    Widget("svelte-pincode", "svelte-pincode", "Svelte", BOX),
    Widget("solid-corvu", "@corvu/otp-field", "Solid", BOX),
    Widget("ionic", "@ionic/core", "web component", BOX),
    Widget("pin-field", "@soywod/pin-field", "web component", BOX),
    Widget("preline", "@preline/pin-input", "none", BOX),
    Widget("jquery-pincode", "bootstrap-pincode-input", "jQuery", "#app .pincode-input-text", letters=False),
    Widget("pincode-input", "pincode-input", "none", BOX),
    Widget("react-phone-input-2", "react-phone-input-2", "React", "#app input[type=tel]", "phone"),
    Widget("mui-tel-input", "mui-tel-input", "React", "#app input[type=tel]", "phone"),
    Widget("react-international-phone", "react-international-phone", "React", "#app input[type=tel]", "phone"),
    Widget("react-intl-tel-input", "react-intl-tel-input", "React", "#app input[type=tel]", "phone"),
    Widget("antd-phone-input", "antd-phone-input", "React", "#app input[inputmode=tel]", "phone"),
    Widget("antd-select-phone", "antd", "React", "#app [name=phone]", "phone"),
    Widget("mui-select-phone", "@mui/material", "React", "#app input[type=tel]", "phone"),
    Widget("vue-tel-input", "vue-tel-input", "Vue", "#app input[type=tel]", "phone"),
    Widget("maz-phone", "maz-ui", "Vue", "#app [name=phone]", "phone"),
    Widget("v-phone-input", "v-phone-input", "Vue", "#app input[type=tel]", "phone"),
    Widget("svelte-tel-input", "svelte-tel-input", "Svelte", "#app input[type=tel]", "phone"),
    Widget("ngx-intl-tel-input", "ngx-intl-tel-input", "Angular", "#app input[type=tel]", "phone"),
    Widget("maskito-phone", "@maskito/phone", "none", BOX, "phone"),
    Widget("imask-phone", "imask", "none", BOX, "phone"),
    Widget("primevue-phone-mask", "primevue", "Vue", BOX, "phone", fixed_country=True, national=True),
)


def select(size: Size, driver: str = "", only: Sequence[str] = ()) -> list[Case]:
    """The cases of one size of run; those alone whose page is named, or `page/variant`, where any are.

    A short run has each named widget once with each driver, and shares the other pages between Playwright and Selenium.
    """
    found = list(cases())
    if size != "full":
        found = [dataclasses.replace(case, timed=False) for case in found if _is_short(case, all_of=only)]
    if only:
        return [case for case in found if case.page in only or case.name in only]
    if size == "few":
        return [case for case in found if case.page in FEW and case.variant in FIRST]
    if size == "short":
        named = {widget.name for widget in WIDGETS if widget.named}
        others = [name for name in dict.fromkeys(case.page for case in found) if name not in named]
        mine = named.union(others[driver == "selenium" :: 2])
        return [case for case in found if case.page in mine]
    return found


def _is_short(case: Case, *, all_of: Sequence[str]) -> bool:
    if case.first is None or case.page in all_of or case.name in all_of:
        return True
    return case.variant in FIRST or case.name in MORE


def cases() -> Iterator[Case]:
    """All cases, the widgets first."""
    for widget in WIDGETS:
        yield from _phone_cases(widget) if widget.kind == "phone" else _code_cases(widget)
    for page in PAGES.values():
        if page.helper:
            continue
        yield Case(
            page=page.name,
            variant=page.kind,
            path=f"/plain/{page.name}",
            value=page.value,
            state=page.value if page.state is None else page.state,
            ending=page.ending,
            submits=page.submits,
            target=page.target,
            error=page.error,
            kind=page.kind,
            frozen=page.frozen,
            patience=page.patience,
        )


def _code_cases(widget: Widget) -> Iterator[Case]:
    for length in widget.lengths:
        yield _code_case(widget, f"{length} digits", CODES[length], timed=True)
    if widget.letters:
        for length in widget.lengths:
            yield _code_case(widget, f"{length} letters", LETTERS[length], letters="1")
    yield _code_case(widget, "vanishes", CODES[6], then="gone")
    yield _code_case(widget, "navigates", CODES[6], then="navigate")
    yield _code_case(widget, "refused", CODES[6], then="cleared")


def _code_case(widget: Widget, variant: str, code: str, *, timed: bool = False, **query: str) -> Case:
    ending = query.get("then", "kept").replace("navigate", "gone")
    return Case(
        page=widget.name,
        variant=variant,
        path=f"/code/{widget.entry or widget.name}",
        value=code,
        state=code,
        ending=ending,  # type: ignore[arg-type]  # one of the words, or "kept"
        submits=True,
        first=widget.first,
        timed=timed,
        query={"length": str(len(code)), **query},
    )


def _phone_cases(widget: Widget) -> Iterator[Case]:
    for country, number in NUMBERS.items():
        if widget.fixed_country and country != "US":
            continue
        for selected in ("US",) if widget.fixed_country else ("US", "ID"):
            yield Case(
                page=widget.name,
                variant=f"{country} from {selected}",
                path=f"/phone/{widget.entry or widget.name}",
                value=number,
                state=number.removeprefix("+1") if widget.national else number,
                kind="phone",
                first=widget.first,
                timed=True,
                query={"country": selected},
            )
