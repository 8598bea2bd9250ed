import HSPinInput from "@preline/pin-input/non-auto";
import { length, letters, record, submit } from "./app";

const root = document.getElementById("app")!;
const build = () => {
  const boxes = '<input type="text" placeholder="○" data-hs-pin-input-item>'.repeat(length);
  root.innerHTML = `<div data-hs-pin-input='{"availableCharsRE": "^[${letters ? "a-zA-Z0-9" : "0-9"}]+$"}'>${boxes}</div>`;
  const element = root.firstElementChild as HTMLElement;
  const field = new HSPinInput(element);
  element.addEventListener("input", () => setTimeout(() => record("state", field.currentValue.join(""))));
  field.on("completed", async ({ currentValue }: { currentValue: string[] }) => {
    record("state", currentValue.join(""));
    const outcome = await submit(currentValue.join(""));
    if (outcome === "gone") root.textContent = "Welcome!";
    if (outcome !== "cleared") return;
    record("state", "");
    build();
  });
};
build();
