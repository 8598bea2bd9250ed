import MazInputPhoneNumber from "maz-ui/components/MazInputPhoneNumber";
import { mazUi } from "@maz-ui/themes/presets/mazUi";
import { MazUi } from "maz-ui/plugins/maz-ui";
import "maz-ui/styles";
import { h, ref } from "vue";
import { country, record } from "./app";
import { mount } from "./vue";

const shown = ref<string>();
mount(
  () =>
    h(MazInputPhoneNumber, {
      modelValue: shown.value,
      countryCode: country,
      noUseBrowserLocale: true,
      "onUpdate:modelValue": (next: string | undefined) => (shown.value = next),
      onData: (data: { e164?: string }) => record("state", data.e164 ?? ""),
    }),
  (app) => app.use(MazUi, { theme: { preset: mazUi } }),
);
