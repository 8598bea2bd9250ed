import OtpField from "@corvu/otp-field";
import { createComponent, createSignal } from "solid-js";
import h from "solid-js/h";
import { render } from "solid-js/web";
import { length, letters, record, submit } from "./app";

const [value, setValue] = createSignal("");
const [shown, setShown] = createSignal(true);
record("state", "");

const change = (next: string) => {
  setValue(next);
  record("state", next);
};
const complete = async (code: string) => {
  const outcome = await submit(code);
  if (outcome === "gone") setShown(false);
  if (outcome === "cleared") change("");
};
const field = () =>
  createComponent(OtpField, {
    maxLength: length,
    get value() {
      return value();
    },
    onValueChange: change,
    onComplete: complete,
    get children() {
      return [
        createComponent(OtpField.Input, { "aria-label": "Verification Code", pattern: letters ? "^[a-zA-Z0-9]*$" : "^\\d*$" }),
        ...Array.from({ length }, (_, index) => h("span", { style: { margin: "8px" } }, () => value()[index] ?? "_")),
      ];
    },
  });
render(() => () => (shown() ? field() : "Welcome!"), document.getElementById("app")!);
