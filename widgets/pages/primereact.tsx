import { InputOtp } from "primereact/inputotp";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ value, changeAndComplete }) => (
  <InputOtp
    value={value}
    length={length}
    integerOnly={!letters}
    onChange={(event) => changeAndComplete(String(event.value ?? ""))}
  />
));
