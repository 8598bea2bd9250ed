import { PinInputInput, PinInputRoot } from "reka-ui";
import { h, ref } from "vue";
import { length, letters } from "./app";
import { mount } from "./vue";

const cells = ref<string[]>([]);
mount(({ change, complete }) =>
  h(
    PinInputRoot,
    {
      otp: true,
      type: "text",
      placeholder: "○",
      modelValue: cells.value,
      pattern: letters ? undefined : "[0-9]",
      "onUpdate:modelValue": (next: string[]) => {
        cells.value = next;
        change(next.join(""));
      },
      onComplete: (all: string[]) => {
        complete(all.join(""));
        if (new URLSearchParams(location.search).get("then") === "cleared") cells.value = [];
      },
    },
    () => Array.from({ length }, (_, index) => h(PinInputInput, { key: index, index })),
  ),
);
