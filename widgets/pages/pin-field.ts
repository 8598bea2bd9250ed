import "@soywod/pin-field";
import { length, letters, record, submit } from "./app";

const root = document.getElementById("app")!;
const build = () => {
  const field = document.createElement("swd-pin-field");
  field.setAttribute("length", String(length));
  field.setAttribute("validate", letters ? "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" : "0123456789");
  field.addEventListener("change", (event) => record("state", (event as CustomEvent).detail.value));
  field.addEventListener("complete", async (event) => {
    const outcome = await submit((event as CustomEvent).detail.value);
    if (outcome === "gone") root.textContent = "Welcome!";
    if (outcome !== "cleared") return;
    record("state", "");
    build();
  });
  root.replaceChildren(field);
};
build();
