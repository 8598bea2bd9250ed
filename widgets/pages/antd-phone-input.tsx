import PhoneInput from "antd-phone-input";
import { country } from "./app";
import { mount } from "./react";

mount(({ change }) => (
  <PhoneInput
    enableSearch
    country={country.toLowerCase()}
    onChange={({ countryCode, areaCode, phoneNumber }: { countryCode: number; areaCode: string; phoneNumber: string }) =>
      change(`+${countryCode ?? ""}${areaCode ?? ""}${phoneNumber ?? ""}`)
    }
  />
));
