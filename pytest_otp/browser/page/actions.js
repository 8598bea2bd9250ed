// What Python may ask for.

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
      ready: document.readyState, url: location.href, age: performance.now() / 1000, origin: !!window[ORIGIN],
      fields: all.map((each) => describe(each, known, active, modal, buttons)), aimed,
      direct: scope.every((root) => root !== document && isField(root)), frames: actions.frames({}, roots).length,
      scripts: windows().some((each) => each.document.scripts.length),
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
    if (window[GUARDED]) return null;
    seen.allowed = new Set();
    seen.lapses = seconds * 1000;
    window.removeEventListener("keydown", guards.keydown, true);
    if (seconds) window.addEventListener("keydown", guards.keydown, true);
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
      active: chosen.indexOf(active),
      elsewhere: active && isField(active) && !chosen.includes(active) ? idOf(active) : null,
      outside: [...everyWindow()].filter((each) => !isReachable(each)).length,
      keys: seen.keys, inputs: seen.inputs, prevented: prevented(), astray: seen.astray, changes: seen.changes,
      scripted: !!chosen[0]?.isConnected && isScripted(chosen[0]),
    };
  },
  // The same once nothing has changed for some turns of the page's own loop, of which there is no clock to freeze, and
  // for `still` milliseconds: fewer where the clock is frozen, since no timer of the page runs then either.
  async rest({ fields, drawing, turns, still }) {
    const state = () => JSON.stringify([seen.changes, ...fields.map((id) => valueOf(elements.get(id)))]);
    const began = now(), most = still ? MOST_TURNS_OF_A_HOLD : MOST_TURNS;
    let last = state(), since = began, quiet = 0;
    for (let turn = 0; turn < most && (quiet < turns || now() - since < still); turn++) {
      if (still && now() - began > LONGEST_HOLD * still) break;
      await turned();
      const next = state();
      if (next === last) { quiet++; continue; }
      [last, since, quiet] = [next, now(), 0];
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
  ...countries,
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

Object.defineProperty(window, key, {
  configurable: true,
  value: (name, argument, roots) => { seen.touched = now(); return actions[name](argument, roots); },
});
