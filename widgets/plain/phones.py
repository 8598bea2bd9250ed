"""Phone fields as they are written by hand."""

from __future__ import annotations

from ..case import Page

_TEL = '<p><label>Phone number <input data-code name="phone" type="tel"{}></label></p>'
_OPTIONS = (
    '<option value="US">United States (+1)</option><option value="ID">Indonesia (+62)</option>'
    '<option value="GB">United Kingdom (+44)</option>'
)
_DIALLED = """
const codes = { US: "+1", ID: "+62", GB: "+44" };
collect = () => codes[$("select").value] + $("[data-code]").value.replace(/\\D/g, "");
$("select").addEventListener("change", (event) => { event.stopPropagation(); recordState(); });
"""


def _phone(name: str, says: str, html: str, script: str = "", **more: str) -> Page:
    return Page(name, says, html, script, kind="phone", **{"value": "+6281234567890", **more})  # type: ignore[arg-type]  # texts


PHONES = (
    _phone("phone", "one tel input", _TEL.format("")),
    _phone("phone-text", "a text input with a label alone", '<p><label>Mobile <input data-code name="m"></label></p>'),
    _phone(
        "phone-german",
        "in German, beside fax and a house number",
        "<p><label>Fax <input name=fax type=tel></label></p><p><label>Hausnummer <input name=nr></label></p>"
        "<p><label>Handynummer <input data-code name=f4></label></p>",
    ),
    _phone(
        "phone-beside-emergency",
        "beside an emergency contact's",
        _TEL.format(' autocomplete="tel"')
        + '<p><label>Emergency contact phone <input name="other" type="tel"></label></p>',
    ),
    _phone(
        "phone-beside-referrer",
        "beside the number of the person who referred the user, which says more",
        '<p><label>Phone number of the person who referred you <input name="referrer_phone" type="tel"'
        ' autocomplete="tel"></label></p><p><label>Mobile <input data-code name="m"></label></p>',
    ),
    _phone(
        "phone-below-emergency",
        "below the fields of an emergency contact",
        "<h3>Emergency contact</h3><p><label>Name <input name=n></label></p>"
        '<p><label>Phone <input name="p1" type="tel"></label></p>'
        '<h3>You</h3><p><label>Phone <input data-code name="p2" type="tel"></label></p>',
    ),
    _phone(
        "phone-beside-office",
        "beside the numbers of the office and of its landline",
        '<p><label>Office phone <input name="o" type="tel"></label></p>'
        '<p><label>Landline <input name="l" type="tel"></label></p>'
        '<p><label>Mobile number <input data-code name="m"></label></p>',
    ),
    _phone("phone-in-iframe", "in a frame of another origin", '<iframe src="{other}/plain/phone?run={run}"></iframe>'),
    _phone("phone-prefilled", "the field starts with +1", _TEL.format(' value="+1 "')),
    _phone("phone-old-number", "an old number is there", _TEL.format(' value="+442071838750"')),
    _phone(
        "phone-select",
        "a country's select beside a national field",
        f'<p><label>Country <select data-own name="country">{_OPTIONS}</select></label></p>'
        + _TEL.format(' autocomplete="tel-national"'),
        _DIALLED,
    ),
    _phone(
        "phone-select-same",
        "a select that has the right country already",
        f'<p><label>Country code <select data-own name="country">{_OPTIONS}</select></label></p>' + _TEL.format(""),
        _DIALLED,
        value="+12015550123",
    ),
    _phone(
        "phone-code-field",
        "a field for the country's code beside the number",
        '<p>Phone <input data-code name="cc" size="4" placeholder="+1" autocomplete="tel-country-code">'
        ' <input data-code name="number" type="tel" autocomplete="tel-national"></p>',
    ),
    _phone(
        "phone-fixed-prefix",
        "+1 is drawn before the field",
        '<p>Phone <span>+1</span> <input data-code type="tel" maxlength="10"></p>',
        value="+12015550123",
        state="2015550123",
    ),
    _phone(
        "phone-mask",
        "a mask: (201) 555-0123",
        _TEL.format(' placeholder="(201) 555-0123" maxlength="14"'),
        """
const box = $("[data-code]");
box.addEventListener("input", () => {
  const all = box.value.replace(/\\D/g, "").slice(0, 10);
  const parts = [all.slice(0, 3), all.slice(3, 6), all.slice(6)];
  box.value = parts[2] ? `(${parts[0]}) ${parts[1]}-${parts[2]}` : parts[1] ? `(${parts[0]}) ${parts[1]}` : parts[0];
  recordState();
});
""",
        value="+12015550123",
        state="(201) 555-0123",
    ),
    _phone(
        "phone-plus-searches",
        "the plus sign opens a country search that swallows the keys",
        '<div id="search" hidden><input data-own name="search" placeholder="Search country"><ul></ul></div>'
        '<p><button type="button" id="flag" aria-haspopup="listbox">US +1</button> '
        '<input data-code type="tel" aria-label="Phone"></p>',
        """
const all = [["US", "+1"], ["ID", "+62"], ["GB", "+44"]];
let chosen = all[0];
const search = $("[name=search]");
const list = $("#search ul");
collect = () => chosen[1] + $("[data-code]").value.replace(/\\D/g, "");
function open(text) {
  $("#search").hidden = false;
  search.value = text;
  show();
  search.focus();
}
function show() {
  list.innerHTML = all.filter((each) => each[1].startsWith(search.value) || each[0].startsWith(search.value.toUpperCase()))
    .map((each) => `<li role="option" tabindex="-1">${each[0]} ${each[1]}</li>`).join("");
}
function choose(text) {
  chosen = all.find((each) => text.startsWith(each[0]));
  $("#flag").textContent = chosen.join(" ");
  $("#search").hidden = true;
  $("[data-code]").focus();
  recordState();
}
$("#flag").onclick = () => open("");
search.addEventListener("input", (event) => { event.stopPropagation(); show(); });
search.onkeydown = (event) => event.key === "Enter" && list.firstChild && choose(list.firstChild.textContent);
list.onclick = (event) => choose(event.target.textContent);
$("[data-code]").onkeydown = (event) => { if (event.key === "+") { event.preventDefault(); open("+"); } };
""",
    ),
    _phone(
        "phone-number-type",
        "an input of type number takes no plus",
        _TEL.format("").replace('type="tel"', 'type="number"'),
        state="6281234567890",
    ),
    _phone(
        "phone-plus-is-fixed",
        "the field keeps a plus of its own",
        _TEL.format(' value="+"'),
        """
const box = $("[data-code]");
box.addEventListener("input", () => { box.value = "+" + box.value.replace(/\\D/g, ""); recordState(); });
""",
    ),
    _phone(
        "phone-formats",
        "spaces are added as one types",
        _TEL.format(""),
        """
const box = $("[data-code]");
box.addEventListener("input", () => {
  box.value = "+" + box.value.replace(/\\D/g, "").replace(/^(\\d{2})(\\d{1,3})?(\\d{1,4})?(\\d+)?$/, (_, ...groups) =>
    groups.slice(0, 4).filter(Boolean).join(" "));
  recordState();
});
""",
        state="+62 812 3456 7890",
    ),
    _phone(
        "phone-late",
        "appears after 800 ms",
        '<div id="here"></div>',
        f"setTimeout(() => ($('#here').innerHTML = `{_TEL.format('')}`), 800);",
    ),
)
