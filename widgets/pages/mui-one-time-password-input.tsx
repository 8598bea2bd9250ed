import { MuiOtpInput } from "mui-one-time-password-input";
import { length } from "./app";
import { mount } from "./react";

mount(({ value, change, complete }) => (
  <MuiOtpInput length={length} value={value} onChange={change} onComplete={complete} />
));
