import PhoneInput from "react-phone-number-input/input";
import { country } from "./app";
import { mount } from "./react";

mount(({ value, change }) => (
  <PhoneInput
    country={country as "US"}
    international
    withCountryCallingCode
    value={value}
    onChange={(next) => change(next ?? "")}
  />
));
