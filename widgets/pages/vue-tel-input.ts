import { h } from "vue";
import { VueTelInput } from "vue-tel-input";
import "vue-tel-input/vue-tel-input.css";
import { country, record } from "./app";
import { mount } from "./vue";

mount(({ value, change }) =>
  h(VueTelInput, {
    modelValue: value,
    defaultCountry: country,
    autoDefaultCountry: false,
    "onUpdate:modelValue": change,
    onOnInput: (_: string, phone: { number?: string }) => record("state", phone.number ?? ""),
  }),
);
