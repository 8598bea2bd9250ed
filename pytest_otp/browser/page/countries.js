// The country of a phone field: what stands around it and may say or choose one.

// A country's names in the page's language and in English.
const namesOf = (region) => {
  const names = new Set();
  for (const language of region ? [document.documentElement.lang, navigator.language, "en"] : []) {
    try {
      names.add(new Intl.DisplayNames([language], { type: "region" }).of(region));
    } catch { /* no such language */ }
  }
  return [...names];
};
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const optionsOf = (select) => [...select.options].map((each) => [
  clean(each.value, 40), clean(each.textContent, 80),
  [...each.attributes].map((at) => at.value).join(" ").slice(0, 80), each.disabled,
]);
// The native input behind a drawn list, which only carries its value.
const isShadow = (element) => !!element.closest("[aria-hidden=true]") && (element.tabIndex < 0 || isFaint(element));
// What a person clicks to open a list whose own field is a part of it: the box around both field and text.
const opener = (element, own) => {
  if (!isField(element)) return element;
  for (let at = parentOf(element), level = 0; at && level < 4 && !within(own, at); level++, at = parentOf(at)) {
    if (clean(at.innerText)) return at;
  }
  return null;
};
const NARROW = 90;
const MOST_BUTTONS = 5;
// The other fields around one, but for a menu's own search field.
const fieldsBeside = (element, all) => all.filter((other) => other !== element && isField(other) && isShown(other)
  && !isShadow(other) && other.type !== "search"
  && !/search|listbox|combobox/.test(`${other.className} ${other.getAttribute("role")}`));
const selectOf = (select, close, level) => (
  { id: idOf(select), index: select.selectedIndex, options: optionsOf(select), close, level });
const codeOf = (field) => ({
  id: idOf(field), value: valueOf(field), name: `${field.name} ${field.id} ${field.autocomplete} ${labelOf(field)}`,
});
const MARKS = ["class", "data-country", "data-country-code", "src", "alt"];
const buttonOf = (button) => ({
  id: idOf(button), text: clean(button.innerText),
  marks: [button, ...button.querySelectorAll("*")].slice(0, 12)
    .map((each) => MARKS.map((name) => each.getAttribute(name) || "").join(" ")).join(" ").slice(0, 300),
});
const onOneLine = (one, other) => {
  const box = one.getBoundingClientRect(), mine = other.getBoundingClientRect();
  return Math.abs(box.top + box.height / 2 - mine.top - mine.height / 2) <= Math.max(40, mine.height);
};
// What opens a menu of countries beside a field.
const openersBeside = (element, all) => {
  const outside = all.filter((other) => !within(element, other) && isShown(other));
  let chosen = outside.filter((other) => other.matches("button, [role=combobox], [role=button], [aria-haspopup]"));
  if (!chosen.length) {
    chosen = outside.filter((other) => other.matches("[class*=flag], [class*=country], [class*=selected]"));
  }
  return chosen.map((each) => opener(each, element)).filter((each) => each && each.localName !== "select"
    && each.type !== "submit" && onOneLine(each, element));
};
const prefixIn = (element) => {
  const text = clean(element.innerText, 200).match(/(?:^|\s|\()\+\s?(\d{1,4}(?:[- ]\d{3})?)(?!\s?\d)\b/);
  return text ? text[1].replace(/\D/g, "") : "";
};
const countryOf = (element) => {
  const selects = new Map(), codes = new Map(), buttons = [];
  let prefix = "", at = parentOf(element);
  for (let level = 0; at && level < 6 && at !== document.documentElement; level++, at = parentOf(at)) {
    const all = [...every(at)], fields = fieldsBeside(element, all);
    const short = fields.filter((other) => other.maxLength > 0 && other.maxLength <= 5
      || other.getBoundingClientRect().width < NARROW);
    const close = fields.length === short.length && short.length <= 1;
    for (const each of all) {
      if (each.localName !== "select" || selects.has(each) || each.disabled || !each.options.length) continue;
      selects.set(each, selectOf(each, close, level));
    }
    if (!close) { if (level > 2 && !at.closest("form")) break; continue; }
    for (const each of short) if (!codes.has(each)) codes.set(each, codeOf(each));
    for (const each of openersBeside(element, all)) {
      if (buttons.length <= MOST_BUTTONS && !buttons.some((known) => within(each, known))) buttons.push(each);
    }
    if (level < 3) prefix ||= prefixIn(at);
  }
  return { selects: [...selects.values()], buttons: buttons.map(buttonOf), codes: [...codes.values()], prefix };
};

const LIST = "ul, [role=listbox], [role=menu], [class*=list], [class*=dropdown], [class*=menu], [class*=option]";
const isEntry = (element, own) => {
  const role = element.getAttribute("role");
  if (!/^(li|div|button|a|span|option|tr|p)$/.test(element.localName) && role !== "option") return false;
  const text = clean(element.textContent);
  if ((!text && !role) || text.length > 90 || within(own, element) || !isShown(element)) return false;
  return /^(option|menuitem|menuitemradio)$/.test(role || "") || element.localName === "li" || !!element.closest(LIST);
};
// An entry of a country list, and how well it fits a region with its dial code and names.
const entryOf = (element, { dial, region, names }) => {
  const text = clean(element.textContent), lower = text.toLowerCase(), code = (region || "").toLowerCase();
  const marks = [...element.attributes].filter((each) => /code|iso|value|country|key|id/.test(each.name))
    .map((each) => each.value.toLowerCase());
  const dials = (text.match(/\+\s?\d[\d-]*/g) || []).map((each) => each.replace(/\D/g, ""));
  const iso = !!region && (dials.includes(dial) && new RegExp(`(^|\\W)${region}($|\\W)`).test(text)
    || marks.some((mark) => mark === code || new RegExp(`(^|[-_.])${code}$`).test(mark)));
  const name = names.some((each) => each
    && new RegExp(`(^|[^\\p{L}])${escaped(each.toLowerCase())}($|[^\\p{L}])`, "u").test(lower));
  const fits = (iso ? 6 : 0) + (dials.includes(dial) && dials.length === 1 ? 4 : 0) + (name ? 4 : 0);
  const isOption = element.getAttribute("role") === "option" || element.localName === "li";
  const score = fits && (!dials.length || dials.includes(dial)) ? fits + (isOption ? 2 : 0) - text.length / 200 : 0;
  return { element, text, iso, name, score, dial: dials.includes(dial), dials: dials.length };
};

const countries = {
  surroundings({ id, region }) {
    const element = elements.get(id);
    return element?.isConnected ? { ...countryOf(element), value: valueOf(element), names: namesOf(region) } : null;
  },
  choose({ id, index }) {
    const select = elements.get(id);
    if (select?.localName !== "select") return null;
    if (select.selectedIndex === index) return null;
    select.focus({ preventScroll: true });
    Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "selectedIndex").set.call(select, index);
    select.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    select.dispatchEvent(new Event("change", { bubbles: true }));
    return null;
  },
  // The entries of a country list that is open now, and the search field that has the focus in it.
  entries({ id, dial, region }) {
    const own = elements.get(id), active = deepActive(), names = namesOf(region);
    const search = active && active !== own && isField(active) ? idOf(active) : null;
    const all = [...every(document)].filter((each) => isEntry(each, own))
      .map((each) => entryOf(each, { dial, region, names }));
    const best = all.filter((each) => each.score).sort((a, b) => b.score - a.score).slice(0, 5);
    return {
      search, listed: all.filter((each) => each.dials === 1 && each.element.localName !== "button").length,
      entries: best.map(({ element, iso, name, dial }) => ({ id: idOf(element), iso, name, dial })),
    };
  },
};
