import PhoneInput from "react-phone-number-input";
import "react-phone-number-input/style.css";
import { country } from "./app";
import { mount } from "./react";

mount(({ value, change }) => (
  <PhoneInput
    placeholder="Enter phone number"
    defaultCountry={country as "US"}
    value={value}
    onChange={(next) => change(next ?? "")}
  />
));
