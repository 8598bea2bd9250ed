import { PhoneInput } from "react-international-phone";
import "react-international-phone/style.css";
import { country } from "./app";
import { mount } from "./react";

mount(({ value, change }) => <PhoneInput defaultCountry={country.toLowerCase()} value={value} onChange={change} />);
