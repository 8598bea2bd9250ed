// The boxes of a code: a digit moves on, Backspace in an empty box moves back, a paste fills them all.
const boxes = [...document.querySelectorAll("fieldset.code input")];

boxes.forEach((box, index) => {
  box.addEventListener("input", () => {
    box.value = box.value.replace(/\D/g, "");
    if (box.value) boxes[index + 1]?.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !box.value) boxes[index - 1]?.focus();
  });
  box.addEventListener("focus", () => box.select());
  box.addEventListener("paste", (event) => {
    event.preventDefault();
    const digits = event.clipboardData.getData("text").replace(/\D/g, "").slice(0, boxes.length);
    [...digits].forEach((digit, position) => (boxes[position].value = digit));
    boxes[Math.min(digits.length, boxes.length - 1)].focus();
  });
});
