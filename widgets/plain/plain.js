// What plain pages share. It only listens: what a page does to its fields is in the page's own script.
const query = new URLSearchParams(location.search);
const fetchNow = window.fetch.bind(window);
let events = 0;

function record(kind, value) {
  const body = JSON.stringify({ run: query.get("run"), number: (events += 1), kind, value });
  void fetchNow("/record", { method: "POST", keepalive: true, body });
}

const valueOf = (element) => ("value" in element ? element.value : element.textContent);

// The code that the page holds: what is in the elements marked `data-code`, in order.
let collect = (root) => [...root.querySelectorAll('[data-code=""]')].map(valueOf).join("");

function recordState(root = document) {
  record("state", collect(root));
}

document.addEventListener(
  "input",
  (event) => {
    const element = event.composedPath()[0];
    if (element.dataset.code === "") recordState(element.getRootNode());
    else if (element.dataset.own === undefined) record("touched", element.name || element.id || element.tagName);
  },
  true,
);

async function submit(code) {
  record("submission", code);
  await fetchNow("/verify");
}

// Boxes as they are written by hand: a digit moves on, Backspace in an empty box moves back.
function boxes(list, { after = null, complete = () => {} } = {}) {
  list.forEach((box, index) => {
    box.addEventListener("input", () => {
      const next = list[index + 1];
      if (box.value && next) after === null ? next.focus() : setTimeout(() => next.focus(), after);
      if (list.every((each) => each.value)) complete(list.map((each) => each.value).join(""));
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && !box.value && index) list[index - 1].focus();
    });
  });
}

const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => [...document.querySelectorAll(selector)];
