import jQuery from "jquery";
import "bootstrap-pincode-input/css/bootstrap-pincode-input.css";
import { length, record, submit } from "./app";

Object.assign(window, { jQuery, $: jQuery });
await import("bootstrap-pincode-input/js/bootstrap-pincode-input.js");
jQuery("#app").html('<input type="text" name="code" id="code">');
const field = jQuery("#code") as unknown as { pincodeInput: (options: object) => { data(key: string): { clear(): void } } };
const widget = field.pincodeInput({
  inputs: length,
  hidedigits: false,
  change: () => setTimeout(() => record("state", String(jQuery("#code").val()))),
  complete: async (code: string) => {
    const outcome = await submit(code);
    if (outcome === "gone") jQuery("#app").text("Welcome!");
    if (outcome !== "cleared") return;
    widget.data("plugin_pincodeInput").clear();
    record("state", "");
  },
});
