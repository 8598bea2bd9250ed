import { MuiTelInput } from "mui-tel-input";
import { country } from "./app";
import { mount } from "./react";

mount(({ value, change }) => (
  <MuiTelInput defaultCountry={country as "US"} value={value} onChange={(_, info) => change(info.numberValue ?? "")} />
));
