import PhoneInputModule from "react-phone-input-2";
import "react-phone-input-2/lib/style.css";
import { country } from "./app";
import { mount } from "./react";

const PhoneInput = (PhoneInputModule as unknown as { default?: typeof PhoneInputModule }).default ?? PhoneInputModule;
mount(({ value, change }) => (
  <PhoneInput country={country.toLowerCase()} value={value} onChange={(digits) => change(`+${digits}`)} />
));
