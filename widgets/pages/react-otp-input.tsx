import OtpInput from "react-otp-input";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ value, changeAndComplete }) => (
  <OtpInput
    value={value}
    onChange={changeAndComplete}
    numInputs={length}
    inputType={letters ? "text" : "tel"}
    renderSeparator={<span>-</span>}
    renderInput={(props) => <input {...props} />}
  />
));
