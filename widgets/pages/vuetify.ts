import { h } from "vue";
import { createVuetify } from "vuetify";
import { VApp } from "vuetify/components/VApp";
import { VOtpInput } from "vuetify/components/VOtpInput";
import "vuetify/styles";
import { length, letters } from "./app";
import { mount } from "./vue";

mount(
  ({ value, change, complete }) =>
    h(VApp, () =>
      h(VOtpInput, {
        modelValue: value,
        length,
        type: letters ? "text" : "number",
        "onUpdate:modelValue": change,
        onFinish: complete,
      }),
    ),
  (app) => app.use(createVuetify()),
);
