// Elements, through open shadow roots, and the IDs by which they are known outside the page.

const OTHERS = new Set(["hidden", "checkbox", "radio", "button", "submit", "reset", "file", "image", "range", "color",
  "date", "time", "month", "week", "datetime-local"]);
const LONGEST_TEXT = 120;
const elements = new Map(), ids = new WeakMap();

const idOf = (element) => {
  if (!ids.has(element)) { ids.set(element, elements.size + 1); elements.set(elements.size + 1, element); }
  return ids.get(element);
};
const clean = (text, most = LONGEST_TEXT) => (text || "").replace(/\s+/g, " ").trim().slice(0, most);
const parentOf = (element) => element.assignedSlot || element.parentElement || (element.getRootNode().host ?? null);
const up = function* (element) { for (let at = element; at; at = parentOf(at)) yield at; };
const deepActive = () => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
};
const every = function* (root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
  for (let at = root.nodeType === 1 ? root : walker.nextNode(); at; at = walker.nextNode()) {
    yield at;
    if (at.shadowRoot) yield* every(at.shadowRoot);
  }
};
const isEditable = (element) => element.isContentEditable && !parentOf(element)?.isContentEditable;
const isField = (element) => {
  const tag = element.localName;
  if (tag === "input") return !OTHERS.has(element.type);
  return tag === "textarea" || isEditable(element);
};
const valueOf = (element) => {
  if ("value" in element && typeof element.value === "string") return element.value;
  return element.textContent || "";
};
const isShown = (element) => {
  if (!element.getClientRects().length) return false;
  return getComputedStyle(element).visibility === "visible";
};
const isFaint = (element) => {
  for (const at of up(element)) if (Number(getComputedStyle(at).opacity) < 0.05) return true;
  return false;
};
const within = (inner, outer) => { for (const at of up(inner)) if (at === outer) return true; return false; };
const found = (roots) => {
  const all = new Set();
  for (const root of roots) {
    for (const at of every(root)) if (isField(at)) all.add(at);
  }
  return [...all];
};
