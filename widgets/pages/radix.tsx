import * as OneTimePasswordField from "@radix-ui/react-one-time-password-field";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ value, change, complete }) => (
  <OneTimePasswordField.Root
    value={value}
    onValueChange={change}
    onAutoSubmit={complete}
    autoSubmit
    validationType={letters ? "alphanumeric" : "numeric"}
  >
    {Array.from({ length }, (_, index) => (
      <OneTimePasswordField.Input key={index} />
    ))}
    <OneTimePasswordField.HiddenInput name="code" />
  </OneTimePasswordField.Root>
));
