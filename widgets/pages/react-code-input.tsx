import ReactCodeInput from "react-code-input";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ changeAndComplete }) => (
  <ReactCodeInput
    name="code"
    inputMode="numeric"
    type={letters ? "text" : "number"}
    fields={length}
    onChange={changeAndComplete}
  />
));
