import { Input } from "antd";
import { length } from "./app";
import { mount } from "./react";

mount(({ change, complete }) => (
  <Input.OTP length={length} onInput={(cells) => change(cells.join(""))} onChange={complete} />
));
