import PinInput from "react-pin-input";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ change, complete }) => (
  <PinInput
    length={length}
    type={letters ? "custom" : "numeric"}
    inputMode={letters ? "text" : "number"}
    onChange={change}
    onComplete={complete}
  />
));
