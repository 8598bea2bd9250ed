import { OTPInput, REGEXP_ONLY_DIGITS, REGEXP_ONLY_DIGITS_AND_CHARS } from "input-otp";
import { length, letters } from "./app";
import { mount } from "./react";

mount(({ value, change, complete }) => (
  <OTPInput
    maxLength={length}
    value={value}
    onChange={change}
    onComplete={complete}
    inputMode={letters ? "text" : "numeric"}
    pattern={letters ? REGEXP_ONLY_DIGITS_AND_CHARS : REGEXP_ONLY_DIGITS}
    render={({ slots }) => (
      <div style={{ display: "flex" }}>
        {slots.map((slot, index) => (
          <div key={index} style={{ width: 40, height: 56, border: "1px solid", outline: slot.isActive ? "2px solid" : "" }}>
            {slot.char ?? slot.placeholderChar}
          </div>
        ))}
      </div>
    )}
  />
));
