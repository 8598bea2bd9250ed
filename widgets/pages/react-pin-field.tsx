import PinField from "react-pin-field";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ change, complete }) => (
  <PinField
    length={length}
    type={letters ? "text" : "tel"}
    inputMode={letters ? "text" : "numeric"}
    pattern={letters ? undefined : "[0-9]*"}
    autoFocus
    onChange={change}
    onComplete={complete}
  />
));
