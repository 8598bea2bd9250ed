import ReactInputVerificationCode from "react-input-verification-code";
import { length } from "./app";
import { mount } from "./react";

mount(({ change, complete }) => (
  <ReactInputVerificationCode autoFocus length={length} placeholder="" onChange={change} onCompleted={complete} />
));
