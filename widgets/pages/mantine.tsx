import { MantineProvider, PinInput } from "@mantine/core";
import "@mantine/core/styles.css";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ value, change, complete }) => (
  <MantineProvider>
    <PinInput
      oneTimeCode
      length={length}
      type={letters ? "alphanumeric" : "number"}
      value={value}
      onChange={change}
      onComplete={complete}
    />
  </MantineProvider>
));
