// Whether a person could use a field.

const named = (element) => {
  const name = element.id ? `#${element.id}` : element.classList.length ? `.${element.classList[0]}` : "";
  return `<${element.localName}${name}>`;
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
    if (ratio < 0.2 || ratio > 2.5 || [...text].length > 1) continue;
    if (/^(svg|path|script|style|button)$/.test(at.localName)) continue;
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
    const isMuted = element.tabIndex < 0 || element.closest("[aria-hidden=true]") || clippedAway(box);
    if (!area && !isMuted) area = homeOf(element);
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
