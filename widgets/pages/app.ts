// What every page shares: the code that it asks for, and a record of what reached the application.

const query = new URLSearchParams(location.search);
let events = 0;

/** How many characters the code has. */
export const length = Number(query.get("length") ?? 6);
/** Whether the code may have letters. */
export const letters = query.get("letters") === "1";
/** The country that a phone field starts with. */
export const country = query.get("country") ?? "US";
/** What follows a submission: the page stays, the widget vanishes, another page follows, or the code is refused. */
export type Outcome = "stay" | "gone" | "navigate" | "cleared";

/** Tell the server what happened: the application's state, a submission, or a field that was touched. */
export function record(kind: "state" | "submission" | "touched", value: string): void {
  const body = JSON.stringify({ run: query.get("run"), number: (events += 1), kind, value });
  void fetch("/record", { method: "POST", keepalive: true, body });
}

/** Submit a code, as an application does on the last digit, and return what follows. */
export async function submit(code: string): Promise<Outcome> {
  record("submission", code);
  await fetch("/verify");
  const outcome = (query.get("then") ?? "stay") as Outcome;
  if (outcome === "navigate") location.assign("/welcome");
  return outcome;
}

/** Hand a value on, and report it as complete where it has just become so. */
export function completing(change: (value: string) => void, complete: (code: string) => void) {
  let before = "";
  return (value: string): void => {
    change(value);
    if (value.length === length && value !== before) complete(value);
    before = value;
  };
}

document.querySelector("[name=referral]")?.addEventListener("input", () => record("touched", "referral"));
