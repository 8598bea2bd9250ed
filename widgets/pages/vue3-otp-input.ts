import { h } from "vue";
import VOtpInput from "vue3-otp-input";
import { length } from "./app";
import { mount } from "./vue";

mount(({ change, complete }) =>
  h(VOtpInput, {
    numInputs: length,
    inputType: "number",
    separator: "-",
    shouldAutoFocus: true,
    onOnChange: change,
    onOnComplete: complete,
  }),
);
