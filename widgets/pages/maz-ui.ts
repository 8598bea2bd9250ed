import MazInputCode from "maz-ui/components/MazInputCode";
import "maz-ui/styles";
import { h } from "vue";
import { length, letters } from "./app";
import { mount } from "./vue";

mount(({ value, changeAndComplete }) =>
  h(MazInputCode, {
    modelValue: value,
    codeLength: length,
    acceptAlpha: letters,
    "onUpdate:modelValue": (next: unknown) => changeAndComplete(String(next ?? "")),
  }),
);
