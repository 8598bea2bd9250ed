import Aura from "@primeuix/themes/aura";
import PrimeVue from "primevue/config";
import InputOtp from "primevue/inputotp";
import { h } from "vue";
import { length, letters } from "./app";
import { mount } from "./vue";

mount(
  ({ value, changeAndComplete }) =>
    h(InputOtp, { modelValue: value, length, integerOnly: !letters, "onUpdate:modelValue": changeAndComplete }),
  (app) => app.use(PrimeVue, { theme: { preset: Aura } }),
);
