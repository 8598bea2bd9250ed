import { Maskito } from "@maskito/core";
import { maskitoPhoneOptionsGenerator } from "@maskito/phone";
import metadata from "libphonenumber-js/min/metadata";
import { country, record } from "./app";

const input = Object.assign(document.createElement("input"), { type: "tel", autocomplete: "tel" });
input.setAttribute("aria-label", "Phone number");
document.getElementById("app")!.append(input);
new Maskito(input, maskitoPhoneOptionsGenerator({ metadata, countryIsoCode: country as "US", strict: false }));
input.addEventListener("input", () => record("state", input.value.replace(/[^+\d]/g, "")));
