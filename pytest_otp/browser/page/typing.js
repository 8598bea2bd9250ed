// Focuses and reads fields, and keeps keys away from all others.

const ORIGIN = Symbol.for("pytest-otp origin");
const LAPSES = 5000;  // milliseconds without a call from Python, as after an alert
const MOST_TURNS = 50;
const MOST_TURNS_OF_A_HOLD = 5000;
const LONGEST_HOLD = 4;  // times as long as was asked for, in a page that never stands still
const GUARDED = Symbol.for("pytest-otp guarded");
// What has happened since a field was begun with.
const seen = {
  allowed: new Set(), touched: 0, lapses: LAPSES, focused: false, clipboard: null,
  keys: 0, inputs: 0, prevented: 0, astray: 0, changes: 0, underway: [],
};

const focusOn = (element, select) => {
  if (!element?.isConnected) return;
  if (deepActive() !== element || focusLeft()) {
    if (focusLeft()) window.focus();
    element.focus({ preventScroll: true });
  }
  seen.focused ||= document.hasFocus();
  if (select === "all" && element.select) element.select();
  else if (select === "all") getSelection().selectAllChildren(element);
  else {
    const at = select === "end" ? element.value?.length ?? 0 : 0;
    try { element.setSelectionRange(at, at); } catch { /* not of this type */ }
  }
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

const guards = {
  keydown(event) {
    const target = event.composedPath()[0];
    if (now() - seen.touched > seen.lapses) { watch(false); return; }
    if (seen.allowed.has(target)) { seen.keys++; guards.keypress(event); return; }
    seen.astray++;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  paste(event) {
    const ours = event.clipboardData?.getData("text/plain") === seen.clipboard;
    if (ours && seen.allowed.has(event.composedPath()[0])) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  // Whether a script keeps a key from having its usual effect is known once the event is over.
  keypress(event) { if (seen.allowed.has(event.composedPath()[0])) seen.underway.push(event); },
  beforeinput(event) { guards.keypress(event); },
  input(event) { if (seen.allowed.has(event.composedPath()[0])) seen.inputs++; },
};
const prevented = () => {
  seen.prevented += seen.underway.some((event) => event.defaultPrevented) ? 1 : 0;
  seen.underway = [];
  return seen.prevented;
};
// One turn of the page's own loop.
const turned = () => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = resolve;
  port2.postMessage(null);
});
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
