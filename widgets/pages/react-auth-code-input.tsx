import AuthCode from "react-auth-code-input";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ changeAndComplete }) => (
  <AuthCode length={length} allowedCharacters={letters ? "alphanumeric" : "numeric"} onChange={changeAndComplete} />
));
