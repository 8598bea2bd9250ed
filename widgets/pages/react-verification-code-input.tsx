import ReactCodeInput from "react-verification-code-input";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ change, complete }) => (
  <ReactCodeInput fields={length} type={letters ? "text" : "number"} onChange={change} onComplete={complete} />
));
