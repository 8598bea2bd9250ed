// What runs in the page. Standard DOM only, and no timers: the page's clock may be frozen. Python asks and waits.
(key) => {
  const TEXTUAL = new Set(["text", "tel", "number", "password", "search", "email", "url", ""]);
  const OTHERS = new Set(["hidden", "checkbox", "radio", "button", "submit", "reset", "file", "image", "range", "color",
    "date", "time", "month", "week", "datetime-local"]);
  const ORIGIN = Symbol.for("pytest-otp origin");
  const LONGEST_TEXT = 120;
  const elements = new Map(), ids = new WeakMap();
  const LAPSES = 5000;  // milliseconds without a call from Python, as after an alert
  const MOST_TURNS = 50;
  const GUARDED = Symbol.for("pytest-otp guarded");
  const seen = { allowed: new Set(), touched: 0, lapses: LAPSES, focused: false, keys: 0, inputs: 0, astray: 0, sent: 0, changes: 0, pasted: 0, refused: 0, clipboard: null };

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
      if (/^(group|region|dialog)$/.test(at.getAttribute("role") || "") || /^(fieldset|section|form|dialog)$/.test(at.localName)) {
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
      if (!last || !(at.localName === "button" || at.getAttribute("role") === "button" || (at.localName === "input" && /^(submit|button)$/.test(at.type)))) continue;
      if (last.closest("form") !== at.closest("form") || buttons.get(last).length > 2 || !isShown(at)) continue;
      buttons.get(last).push(clean(at.innerText || at.value || at.getAttribute("aria-label"), 40));
    }
    return buttons;
  };

  // Whether a person could use a field.
  const named = (element) => {
    const name = element.id ? `#${element.id}` : element.classList.length ? `.${element.classList[0]}` : "";
    return `<${element.localName}${name}>`;
  };
  const isShown = (element) => {
    if (!element.getClientRects().length) return false;
    return getComputedStyle(element).visibility === "visible";
  };
  const isFaint = (element) => {
    for (const at of up(element)) if (Number(getComputedStyle(at).opacity) < 0.05) return true;
    return false;
  };
  const inView = (box) => box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
  const clippedAway = (box) => {
    const left = box.left + scrollX, top = box.top + scrollY, page = document.documentElement;
    return left + box.width <= 0 || top + box.height <= 0
      || left >= Math.max(page.scrollWidth, innerWidth) || top >= Math.max(page.scrollHeight, innerHeight);
  };
  const hitAt = (x, y) => {
    let hit = document.elementFromPoint(x, y);
    while (hit?.shadowRoot) {
      const inner = hit.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === hit) break;
      hit = inner;
    }
    return hit;
  };
  const within = (inner, outer) => { for (const at of up(inner)) if (at === outer) return true; return false; };
  const covering = (element, area, odd) => {
    const box = area.getBoundingClientRect();
    let cover = null;
    for (const part of [0.5, 0.15, 0.85]) {
      const x = box.left + box.width * part, y = box.top + box.height / 2;
      if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) continue;
      const hit = hitAt(x, y);
      if (!hit) continue;
      if (hit === element || within(hit, area) || (odd && within(element, hit))) return null;
      if ([...(element.labels || [])].some((label) => within(hit, label))) return null;
      cover = hit;
    }
    return cover;
  };
  const inWindow = (element) => {
    const box = element.getBoundingClientRect();
    return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  };
  const isReal = (element) => element.getBoundingClientRect().width > 3 && !isFaint(element);
  const slotsIn = (home) => {
    const all = [...every(home)];
    if (all.length > 150) return [];
    const rows = new Map();
    for (const at of all) {
      if (at === home || isField(at) || [...at.querySelectorAll("input, textarea")].some(isReal)) continue;
      const box = at.getBoundingClientRect();
      if (box.width < 8 || box.height < 12 || box.width > 120 || box.height > 140) continue;
      const ratio = box.width / box.height, text = clean(at.textContent);
      if (ratio < 0.2 || ratio > 2.5 || [...text].length > 1 || /^(svg|path|script|style|button)$/.test(at.localName)) continue;
      if (!isShown(at) || [...at.children].some((child) => rows.get(sizeOf(child))?.includes(child))) continue;
      const size = sizeOf(at);
      if (!rows.has(size)) rows.set(size, []);
      const row = rows.get(size);
      if (!row.some((other) => within(at, other))) row.push(at);
    }
    const best = [...rows.values()].sort((a, b) => b.length - a.length)[0] || [];
    return best.length >= 3 && best.length <= 12 ? best : [];
  };
  const sizeOf = (element) => {
    const box = element.getBoundingClientRect();
    return `${Math.round(box.top / 4)} ${Math.round(box.width / 4)} ${Math.round(box.height / 4)}`;
  };
  // The drawn boxes of a widget whose real input is transparent, tiny or laid over them.
  const drawn = (element) => {
    let at = parentOf(element);
    for (let level = 0; at && level < 4 && at !== document.body && at.localName !== "form"; level++, at = parentOf(at)) {
      const fields = [...every(at)].filter((other) => other !== element && isField(other) && isShown(other)
        && isReal(other));
      if (fields.length) return null;
      const slots = slotsIn(at);
      if (slots.length) return { home: at, slots };
    }
    return null;
  };
  const homeOf = (element) => {
    let at = parentOf(element);
    for (let level = 0; at && level < 3 && at !== document.body; level++, at = parentOf(at)) {
      const box = at.getBoundingClientRect();
      if (box.width >= 30 && box.height >= 10) return at;
    }
    return null;
  };
  const problemOf = (element, picture) => {
    if (!element.isConnected) return "gone";
    if (!isShown(element)) return "hidden";
    if (element.closest("[inert]")) return "inert";
    if (element.matches(":disabled") || element.closest("[aria-disabled=true]")) return "disabled";
    if (element.readOnly) return "read-only";
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    const odd = box.width < 4 || box.height < 4 || style.pointerEvents === "none" || isFaint(element)
      || clippedAway(box) || /rect\(|inset\(50%\)/.test(`${style.clip} ${style.clipPath}`);
    let area = element;
    if (odd) {
      const label = [...(element.labels || [])].find((each) => isShown(each) && each.getBoundingClientRect().width > 20);
      area = picture?.home || label || null;
      const opaque = box.width >= 4 && box.height >= 4 && !isFaint(element) && !clippedAway(box);
      // What only the keyboard reaches still belongs to something that is to be seen.
      if (!area && element.tabIndex >= 0 && !element.closest("[aria-hidden=true]") && !clippedAway(box)) area = homeOf(element);
      if (!area) return box.width < 4 || box.height < 4 ? "tiny" : clippedAway(box) ? "off-screen"
        : isFaint(element) ? "transparent" : opaque ? "not clickable" : "hidden";
      const place = area.getBoundingClientRect();
      if (isFaint(area) || clippedAway(place)) return "off-screen";
    }
    const place = area.getBoundingClientRect();
    if (!inView(place)) return "";
    const cover = covering(element, picture && !odd ? picture.home : area, odd);
    return !cover ? "" : within(element, cover) ? "clipped away" : `covered by ${named(cover)}`;
  };
  const isScripted = (element) => {
    if (element.getRootNode() instanceof ShadowRoot) return true;
    for (const at of [element, parentOf(element)]) {
      if (!at) continue;
      if (at.localName.includes("-") || Object.keys(at).length) return true;
      if (["oninput", "onkeydown", "onkeyup", "onkeypress", "onchange", "onpaste"].some((name) => at[name])) return true;
    }
    return false;
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
      shape: !value ? "" : /^\+\d{1,4}\s*$/.test(value) ? "country code" : /^\d+$/.test(value) ? "digits" : /^[\d\s().+-]+$/.test(value) ? "digits and signs" : "text",
      box: [box.left + scrollX, box.top + scrollY, box.width, box.height], problem: problemOf(element, picture),
      visible: picture ? inWindow(picture.home) : inWindow(element), active: element === active, tabindex: element.tabIndex, muted: !!element.closest("[aria-hidden=true]"),
      modal: modal ? within(element, modal) : null, slots: picture ? picture.slots.length : 0,
      faint: box.width < 4 || box.height < 4 || isFaint(element), scripted: isScripted(element), home: idOf(parentOf(element) || element),
    };
  };
  const openModal = () => {
    const all = [...document.querySelectorAll("dialog[open], [aria-modal=true], [role=dialog], [role=alertdialog]")];
    return all.filter((each) => isShown(each) && each.getBoundingClientRect().height > 20).pop() || null;
  };
  const found = (roots) => {
    const all = new Set();
    for (const root of roots) {
      for (const at of every(root)) if (isField(at)) all.add(at);
    }
    return [...all];
  };

  // A country's names in the page's language and in English.
  const namesOf = (region) => {
    const names = new Set();
    for (const language of region ? [document.documentElement.lang, navigator.language, "en"] : []) {
      try { names.add(new Intl.DisplayNames([language], { type: "region" }).of(region)); } catch { /* no such language */ }
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
  const countryOf = (element) => {
    const selects = [], buttons = [], codes = [];
    let prefix = "", at = parentOf(element);
    for (let level = 0; at && level < 6 && at !== document.documentElement; level++, at = parentOf(at)) {
      const all = [...every(at)];
      const fields = all.filter((other) => other !== element && isField(other) && isShown(other) && !isShadow(other)
        && other.type !== "search" && !/search|listbox|combobox/.test(`${other.className} ${other.getAttribute("role")}`));
      const short = fields.filter((other) => other.maxLength > 0 && other.maxLength <= 5 || other.getBoundingClientRect().width < 90);
      const close = fields.length === short.length && short.length <= 1;
      for (const select of all.filter((other) => other.localName === "select" && !selects.some((each) => each.id === idOf(other)))) {
        if (!select.disabled && select.options.length) {
          selects.push({ id: idOf(select), index: select.selectedIndex, options: optionsOf(select), close, level });
        }
      }
      if (!close) { if (level > 2 && !at.closest("form")) break; continue; }
      for (const other of short) if (!codes.some((each) => each.id === idOf(other))) {
        codes.push({ id: idOf(other), value: valueOf(other), name: `${other.name} ${other.id} ${other.autocomplete} ${labelOf(other)}` });
      }
      const outside = all.filter((other) => !within(element, other) && isShown(other));
      let chosen = outside.filter((other) => other.matches("button, [role=combobox], [role=button], [aria-haspopup]"));
      if (!chosen.length) chosen = outside.filter((other) => other.matches("[class*=flag], [class*=country], [class*=selected]"));
      for (const each of chosen) {
        const other = opener(each, element);
        if (!other || other.localName === "select" || buttons.length > 5 || buttons.some((known) => within(other, elements.get(known.id)))) continue;
        if (other.type === "submit") continue;
        const box = other.getBoundingClientRect(), mine = element.getBoundingClientRect();
        if (Math.abs(box.top + box.height / 2 - mine.top - mine.height / 2) > Math.max(40, mine.height)) continue;
        buttons.push({ id: idOf(other), text: clean(other.innerText), label: `${other.getAttribute("aria-label") || ""} ${other.title || ""}`,
          marks: [other, ...other.querySelectorAll("*")].slice(0, 12).map((each) => `${each.getAttribute("class") || ""} ${each.getAttribute("data-country") || ""} ${each.getAttribute("data-country-code") || ""} ${each.getAttribute("src") || ""} ${each.getAttribute("alt") || ""}`).join(" ").slice(0, 300) });
      }
      if (!prefix) {
        const text = clean(at.innerText, 200).match(/(?:^|\s|\()\+\s?(\d{1,4}(?:[- ]\d{3})?)(?!\s?\d)\b/);
        if (text && level < 3) prefix = text[1].replace(/\D/g, "");
      }
    }
    return { selects, buttons, codes, prefix };
  };

  const focusOn = (element, select) => {
    if (!element?.isConnected) return;
    if (deepActive() !== element || focusLeft()) {
      if (focusLeft()) window.focus();
      element.focus({ preventScroll: true });
    }
    seen.focused ||= document.hasFocus();
    const end = element.value?.length ?? 0;
    if (select === "all" && element.select) element.select();
    else if (select === "all") getSelection().selectAllChildren(element);
    else try { element.setSelectionRange(select === "end" ? end : 0, select === "end" ? end : 0); } catch { /* not of this type */ }
  };

  // All windows of the page: the focus may be moved into another frame.
  const everyWindow = function* (from = window.top) {
    yield from;
    for (let index = 0; index < from.length; index++) yield* everyWindow(from[index]);
  };
  const isReachable = (other) => { try { return !!other.document; } catch { return false; } };
  const windows = () => [...everyWindow()].filter(isReachable);
  // Whether a frame of another origin has taken the focus. (A window in the background never has it.)
  const focusLeft = () => seen.focused && window !== window.top && !document.hasFocus();
  const now = () => new Event("now").timeStamp;  // not by the page's clock, which may be frozen

  const actions = {
    frames(_, roots) {
      const all = [...(roots || [document])].flatMap((root) => [...every(root)]);
      return all.filter((at) => /^i?frame$/.test(at.localName));
    },
    leave() { window[ORIGIN] = true; return window === window.top; },
    back() { delete window[ORIGIN]; return null; },
    look({ limit }, roots) {
      const known = new Map(), active = deepActive(), modal = openModal();
      const scope = roots ? [...roots].map((root) => (root.localName === "label" && root.control) || root) : [document];
      const own = found(scope);
      // A box stands for its row: what is around the target is described too, in the page's order.
      const around = roots ? own.map((each) => each.closest("form, fieldset, [role=group], dialog")
        || parentOf(parentOf(each) || each) || document.body) : [];
      const all = (roots ? [...new Set([...found(around), ...own])] : own).slice(0, limit);
      const aimed = roots ? own.map(idOf) : [];
      const place = window.frameElement?.getBoundingClientRect(), buttons = buttonsOf(every(document));
      return {
        ready: document.readyState, fields: all.map((each) => describe(each, known, active, modal, buttons)), aimed,
        direct: scope.every((root) => root !== document && isField(root)), frames: actions.frames({}, roots).length, origin: !!window[ORIGIN], url: location.href, age: performance.now() / 1000,
        scripts: [...windows()].some((each) => each.document.scripts.length),
        shown: innerWidth > 3 && innerHeight > 3 && !(place && (place.width < 4 || place.height < 4)),
      };
    },
    // Keeps keys away from all other fields, and counts what arrives.
    begin({ fields, drawing, id }) {
      seen.allowed = new Set(fields.map((each) => elements.get(each)));
      seen.lapses = LAPSES;
      watch(true);
      if (id !== null) focusOn(elements.get(id), "start");
      return actions.read({ fields, drawing });
    },
    end() { watch(false); seen.focused = false; return null; },
    // In a frame that the field's own frame cannot reach: keeps all keys away, for some seconds.
    guard({ seconds }) {
      if (!seconds || window[GUARDED]) { if (!window[GUARDED]) window.removeEventListener("keydown", guards.keydown, true); return null; }
      seen.allowed = new Set();
      seen.lapses = seconds * 1000;
      window.addEventListener("keydown", guards.keydown, true);
      return null;
    },
    show({ id }) {
      const element = elements.get(id), area = drawn(element)?.home || element;
      if (!inWindow(area)) {
        area.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      }
      return problemOf(element, drawn(element));
    },
    focus({ fields, drawing, id, select }) {
      focusOn(elements.get(id), select);
      return actions.read({ fields, drawing });
    },
    read({ fields, drawing }) {
      const active = focusLeft() ? null : deepActive();
      const chosen = fields.map((id) => elements.get(id));
      const picture = drawing && chosen[0]?.isConnected ? drawn(chosen[0]) : null;
      return {
        values: chosen.map((each) => (each?.isConnected && isShown(each) ? valueOf(each) : null)),
        drawn: picture ? picture.slots.map((slot) => clean(slot.textContent)).join("") : "",
        active: chosen.indexOf(active), elsewhere: active && isField(active) && !chosen.includes(active) ? idOf(active) : null,
        disabled: chosen.every((each) => each?.matches?.(":disabled") || each?.readOnly),
        outside: [...everyWindow()].filter((each) => !isReachable(each)).length,
        keys: seen.keys, inputs: seen.inputs, astray: seen.astray, sent: seen.sent, changes: seen.changes, pasted: seen.pasted,
        refused: seen.refused, scripted: !!chosen[0]?.isConnected && isScripted(chosen[0]),
      };
    },
    // The same once nothing has changed for some turns of the page's own loop, of which there is no clock to freeze.
    async rest({ fields, drawing, turns }) {
      const state = () => JSON.stringify([seen.changes, ...fields.map((id) => valueOf(elements.get(id)))]);
      for (let quiet = 0, last = state(), turn = 0; quiet < turns && turn < MOST_TURNS; turn++) {
        await new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = resolve;
          port2.postMessage(null);
        });
        const next = state();
        quiet = next === last ? quiet + 1 : 0;
        last = next;
      }
      return actions.read({ fields, drawing });
    },
    put({ id, text }) {  // the last resort for a field that no key clears
      const element = elements.get(id);
      const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value");
      if (own?.set) own.set.call(element, text); else element.textContent = text;
      element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
      element.dispatchEvent(new Event("change", { bubbles: true }));
      return null;
    },
    element({ id }) { return elements.get(id) ?? null; },
    // What stands around a phone field and may say or choose its country.
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
      const names = namesOf(region);
      const own = elements.get(id), active = deepActive();
      const search = active && active !== own && isField(active) ? idOf(active) : null;
      const best = [];
      let listed = 0;
      for (const at of every(document)) {
        if (!/^(li|div|button|a|span|option|tr|p)$/.test(at.localName) && at.getAttribute("role") !== "option") continue;
        const role = at.getAttribute("role"), text = clean(at.textContent);
        if (!text && !role) continue;
        if (text.length > 90 || within(own, at) || !isShown(at)) continue;
        const inList = role === "option" || role === "menuitem" || role === "menuitemradio" || at.localName === "li"
          || at.closest("ul, [role=listbox], [role=menu], [class*=list], [class*=dropdown], [class*=menu], [class*=option]");
        if (!inList) continue;
        const marks = [...at.attributes].filter((each) => /code|iso|value|country|key|id/.test(each.name)).map((each) => each.value.toLowerCase());
        const dials = (text.match(/\+\s?\d[\d-]*/g) || []).map((each) => each.replace(/\D/g, ""));
        const iso = region && (dials.includes(dial) && new RegExp(`(^|\\W)${region}($|\\W)`).test(text) || marks.some((mark) => mark === region.toLowerCase() || new RegExp(`(^|[-_.])${region.toLowerCase()}$`).test(mark)));
        const lower = text.toLowerCase();
        const name = names.findIndex((each) => each && new RegExp(`(^|[^\\p{L}])${escaped(each.toLowerCase())}($|[^\\p{L}])`, "u").test(lower));
        let score = (iso ? 6 : 0) + (dials.includes(dial) && dials.length === 1 ? 4 : 0) + (name >= 0 ? 4 : 0);
        if (dials.length === 1 && at.localName !== "button") listed++;
        if (dials.length && !dials.includes(dial)) continue;
        if (!score) continue;
        score += role === "option" || at.localName === "li" ? 2 : 0;
        score -= text.length / 200;
        best.push({ id: idOf(at), score, text, iso: !!iso, dial: dials.includes(dial), name: name >= 0 });
      }
      return { search, listed, entries: best.sort((a, b) => b.score - a.score).slice(0, 5) };
    },
    copy({ text }) {
      let done = false;
      const give = (event) => {
        event.clipboardData.setData("text/plain", text);
        event.preventDefault();
        event.stopImmediatePropagation();
        done = true;
      };
      window.addEventListener("copy", give, true);
      try { done = document.execCommand("copy") && done; } catch { done = false; }
      window.removeEventListener("copy", give, true);
      seen.clipboard = text;
      return done ? /mac|iphone|ipad/i.test(navigator.platform) : null;
    },
    paste({ id, text }) {
      const element = elements.get(id);
      const data = new DataTransfer();
      data.setData("text/plain", text);
      const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true, composed: true });
      seen.clipboard = text;
      if (element.dispatchEvent(event)) document.execCommand("insertText", false, text);
      return null;
    },
  };

  const guards = {
    keydown(event) {
      const target = event.composedPath()[0];
      if (now() - seen.touched > seen.lapses) { watch(false); return; }
      if (seen.allowed.has(target)) { seen.keys++; return; }
      seen.astray++;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    paste(event) {
      if (event.clipboardData?.getData("text/plain") === seen.clipboard && seen.allowed.has(event.composedPath()[0])) {
        seen.pasted++;
        return;
      }
      seen.refused++;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    input(event) { if (seen.allowed.has(event.composedPath()[0])) seen.inputs++; },
    submit() { seen.sent++; },
  };
  const observer = new MutationObserver((records) => { seen.changes += records.length; });
  const watch = (on) => {
    for (const each of windows()) {
      if (on) each[GUARDED] = true; else delete each[GUARDED];
      for (const [name, guard] of Object.entries(guards)) {
        each.removeEventListener(name, guard, true);
        if (on) each.addEventListener(name, guard, true);
      }
    }
    observer.disconnect();
    if (on) observer.observe(document, { attributes: true, childList: true, characterData: true, subtree: true });
  };
  Object.defineProperty(window, key, {
    configurable: true,
    value: (name, argument, roots) => { seen.touched = now(); return actions[name](argument, roots); },
  });
}
