import { PinInput } from "@ark-ui/react/pin-input";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ change, complete }) => (
  <PinInput.Root
    otp
    count={length}
    type={letters ? "alphanumeric" : "numeric"}
    onValueChange={(details) => change(details.valueAsString)}
    onValueComplete={(details) => complete(details.valueAsString)}
  >
    <PinInput.Label>Code</PinInput.Label>
    <PinInput.Control>
      {Array.from({ length }, (_, index) => (
        <PinInput.Input key={index} index={index} />
      ))}
    </PinInput.Control>
    <PinInput.HiddenInput />
  </PinInput.Root>
));
