import { initialize } from "@ionic/core/components";
import { defineCustomElement } from "@ionic/core/components/ion-input-otp.js";
import "@ionic/core/css/core.css";
import { length, letters, record, submit } from "./app";

initialize();
defineCustomElement();
const field = document.createElement("ion-input-otp");
field.length = length;
field.type = letters ? "text" : "number";
field.addEventListener("ionInput", (event) => record("state", String(event.detail.value ?? "")));
field.addEventListener("ionComplete", async (event) => {
  const outcome = await submit(String(event.detail.value));
  if (outcome === "gone") field.remove();
  if (outcome !== "cleared") return;
  field.value = "";
  record("state", "");
});
document.getElementById("app")!.append(field);
