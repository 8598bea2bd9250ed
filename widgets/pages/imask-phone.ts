import IMask from "imask";
import { record } from "./app";

document.getElementById("app")!.innerHTML = '<label>Mobile number <input name="mobile" inputmode="tel"></label>';
const mask = IMask(document.querySelector<HTMLInputElement>("[name=mobile]")!, {
  mask: [
    { mask: "+{1} (000) 000-0000", startsWith: "1" },
    { mask: "+{44} 0000 000000", startsWith: "44" },
    { mask: "+000000000000000", startsWith: "" },
  ],
  dispatch: (appended, masked) => {
    const digits = (masked.value + appended).replace(/\D/g, "");
    const starts = (item: object) => digits.startsWith((item as { startsWith: string }).startsWith);
    return masked.compiledMasks.find(starts) ?? masked.compiledMasks[2]!;
  },
});
mask.on("accept", () => record("state", mask.value.replace(/[^+\d]/g, "")));
