import IntlTelInput from "react-intl-tel-input";
import "react-intl-tel-input/dist/main.css";
import { country } from "./app";
import { mount } from "./react";

mount(({ change }) => (
  <IntlTelInput
    containerClassName="intl-tel-input"
    inputClassName="form-control"
    defaultCountry={country.toLowerCase()}
    onPhoneNumberChange={(_valid, _value, _country, full) => change(full.replace(/[^+\d]/g, ""))}
  />
));
