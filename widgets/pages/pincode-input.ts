import PincodeInput from "pincode-input";
import { completing, length, letters, record, submit } from "./app";

const root = document.getElementById("app")!;
const build = () => {
  root.innerHTML = '<div id="code"></div>';
  const complete = async (code: string) => {
    const outcome = await submit(code);
    if (outcome === "gone") root.textContent = "Welcome!";
    if (outcome !== "cleared") return;
    record("state", "");
    build();
  };
  const onInput = completing((value) => record("state", value), complete);
  new PincodeInput("#code", { count: length, secure: false, numeric: !letters, onInput });
};
build();
