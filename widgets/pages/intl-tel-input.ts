import "intl-tel-input/styles";
import intlTelInput from "intl-tel-input/intlTelInputWithUtils";
import { country, record } from "./app";

const input = Object.assign(document.createElement("input"), { type: "tel", id: "phone" });
document.getElementById("app")!.append(input);
const field = intlTelInput(input, { initialCountry: country.toLowerCase() as "us" });
for (const event of ["input", "countrychange"]) {
  input.addEventListener(event, () => record("state", field.getNumber()));
}
