import { VPhoneInput, createVPhoneInput } from "v-phone-input";
import "v-phone-input/styles";
import { h } from "vue";
import { createVuetify } from "vuetify";
import { VApp } from "vuetify/components/VApp";
import "vuetify/styles";
import { country } from "./app";
import { mount } from "./vue";

mount(
  ({ value, change }) =>
    h(VApp, () =>
      h(VPhoneInput, { modelValue: value, country, "onUpdate:modelValue": (next: unknown) => change(String(next ?? "")) }),
    ),
  (app) => app.use(createVuetify()).use(createVPhoneInput()),
);
