// Describes fields: what is said about them, what they are like, and whether a person could use them.

const isScripted = (element) => {
  if (element.getRootNode() instanceof ShadowRoot) return true;
  for (const at of [element, parentOf(element)]) {
    if (!at) continue;
    if (at.localName.includes("-") || Object.keys(at).length) return true;
    if (["oninput", "onkeydown", "onkeyup", "onkeypress", "onchange", "onpaste"].some((name) => at[name])) return true;
  }
  return false;
};
// What kind of content a field has, without the content.
const shapeOf = (value) => {
  if (!value) return "";
  if (/^\+\d{1,4}\s*$/.test(value)) return "country code";
  if (/^\d+$/.test(value)) return "digits";
  return /^[\d\s().+-]+$/.test(value) ? "digits and signs" : "text";
};
const describe = (element, known, active, modal, buttons) => {
  const box = element.getBoundingClientRect(), value = valueOf(element);
  const get = (name) => clean(element.getAttribute(name), 80);
  const wide = box.width > 110 || box.width < 12 || isFaint(element);
  const picture = wide && element.localName !== "textarea" ? drawn(element) : null;
  return {
    id: idOf(element), tag: element.localName, type: get("type").toLowerCase(), name: get("name"), dom: get("id"),
    autocomplete: get("autocomplete").toLowerCase(), mode: get("inputmode").toLowerCase(), pattern: get("pattern"),
    placeholder: get("placeholder"), title: get("title"), classes: get("class"),
    test: get("data-testid") || get("data-test") || get("data-cy"),
    maxlength: element.maxLength ?? -1, label: labelOf(element), before: textBefore(element),
    context: contextOf(element, known), group: groupOf(element), heading: headingOf(element),
    buttons: (buttons.get(element) || []).join(" | "), filled: [...value].length,
    shape: shapeOf(value),
    box: [box.left + scrollX, box.top + scrollY, box.width, box.height], problem: problemOf(element, picture),
    visible: inWindow(picture ? picture.home : element), active: element === active, tabindex: element.tabIndex,
    muted: !!element.closest("[aria-hidden=true]"),
    modal: modal ? within(element, modal) : null, slots: picture ? picture.slots.length : 0,
    faint: box.width < 4 || box.height < 4 || isFaint(element),
    scripted: isScripted(element), home: idOf(parentOf(element) || element),
  };
};
const openModal = () => {
  const all = [...document.querySelectorAll("dialog[open], [aria-modal=true], [role=dialog], [role=alertdialog]")];
  return all.filter((each) => isShown(each) && each.getBoundingClientRect().height > 20).pop() || null;
};
