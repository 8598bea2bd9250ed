import { ChakraProvider, PinInput, defaultSystem } from "@chakra-ui/react";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ value, change, complete }) => (
  <ChakraProvider value={defaultSystem}>
    <PinInput.Root
      otp
      count={length}
      type={letters ? "alphanumeric" : "numeric"}
      value={Array.from({ length }, (_, index) => value[index] ?? "")}
      onValueChange={(details) => change(details.valueAsString)}
      onValueComplete={(details) => complete(details.valueAsString)}
    >
      <PinInput.HiddenInput />
      <PinInput.Control>
        {Array.from({ length }, (_, index) => (
          <PinInput.Input key={index} index={index} />
        ))}
      </PinInput.Control>
    </PinInput.Root>
  </ChakraProvider>
));
