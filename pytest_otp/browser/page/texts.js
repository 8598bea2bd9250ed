// Texts that tell what a field is for.

const labelOf = (element) => {
  const texts = [...(element.labels || [])].map((label) => label.textContent);
  const root = element.getRootNode();
  for (const id of (element.getAttribute("aria-labelledby") || "").split(/\s+/)) {
    if (id) texts.push(root.getElementById?.(id)?.textContent);
  }
  texts.push(element.getAttribute("aria-label"));
  return clean(texts.filter(Boolean).join(" "));
};
const holdsField = (element) => [element, ...element.querySelectorAll("*")].some(isField);
const textBefore = (element) => {
  let at = element;
  for (let level = 0; at && level < 5 && at !== document.body; level++) {
    for (let other = at.previousSibling; other; other = other.previousSibling) {
      if (other.nodeType === 3 && clean(other.data)) return clean(other.data);
      if (other.nodeType !== 1) continue;
      if (holdsField(other)) return "";
      const text = /^(script|style|svg)$/.test(other.localName) ? "" : clean(other.innerText ?? other.textContent);
      if (text) return text;
    }
    at = parentOf(at);
  }
  return "";
};
const contextOf = (element, known) => {
  const home = element.closest("dialog, [role=dialog], form, fieldset, section, article, main")
    || element.getRootNode().host || document.body;
  if (!known.has(home)) known.set(home, clean(home.innerText, 400));
  return known.get(home);
};

// The legends and the heading that a field stands under: one that names a group may stand above other fields of it.
const HEADING = "h1, h2, h3, h4, h5, h6, legend, [role=heading]";
const groupOf = (element) => {
  const texts = [];
  for (let at = parentOf(element), level = 0; at && level < 12 && at !== document.body; level++, at = parentOf(at)) {
    if (at.localName === "fieldset") texts.push(at.querySelector("legend")?.textContent);
    const role = at.getAttribute("role") || "";
    if (/^(group|region|dialog)$/.test(role) || /^(fieldset|section|form|dialog)$/.test(at.localName)) {
      texts.push(labelOf(at));
    }
  }
  return clean(texts.filter(Boolean).join(" "));
};
const headingOf = (element) => {
  for (let at = element, level = 0; at && level < 8 && at !== document.body; level++, at = parentOf(at)) {
    for (let other = at.previousElementSibling; other; other = other.previousElementSibling) {
      const heading = other.matches(HEADING) ? other : holdsField(other) ? null : other.querySelector(HEADING);
      if (heading && isShown(heading)) return clean(heading.textContent);
      if (other.querySelector(HEADING) && level) return "";
    }
    if (/^(form|dialog|fieldset|section|article)$/.test(at.localName) && level) return "";
  }
  return "";
};
// What each field's own buttons say: those between it and the next field.
const buttonsOf = (every) => {
  const buttons = new Map();
  let last = null;
  for (const at of every) {
    if (isField(at) && isShown(at)) { last = at; buttons.set(at, []); continue; }
    if (!last || !at.matches("button, [role=button], input[type=submit], input[type=button]")) continue;
    if (last.closest("form") !== at.closest("form") || buttons.get(last).length > 2 || !isShown(at)) continue;
    buttons.get(last).push(clean(at.innerText || at.value || at.getAttribute("aria-label"), 40));
  }
  return buttons;
};
