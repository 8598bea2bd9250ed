import VerificationInput from "react-verification-input";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ value, change, complete }) => (
  <VerificationInput
    length={length}
    validChars={letters ? "A-Za-z0-9" : "0-9"}
    inputProps={{ inputMode: letters ? "text" : "numeric" }}
    value={value}
    onChange={change}
    onComplete={complete}
  />
));
