import Aura from "@primeuix/themes/aura";
import PrimeVue from "primevue/config";
import InputMask from "primevue/inputmask";
import { h } from "vue";
import { mount } from "./vue";

mount(
  ({ value, change }) =>
    h("label", [
      "Phone ",
      h(InputMask, {
        modelValue: value,
        mask: "(999) 999-9999",
        placeholder: "(999) 999-9999",
        unmask: true,
        "onUpdate:modelValue": (next: unknown) => change(String(next ?? "")),
      }),
    ]),
  (app) => app.use(PrimeVue, { theme: { preset: Aura } }),
);
