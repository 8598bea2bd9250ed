import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { completing, record, submit } from "./app";

/** What a page hands to its widget. */
export interface Field {
  value: string;
  change: (value: string) => void;
  /** For widgets that tell when the code is complete. */
  complete: (code: string) => void;
  /** For widgets that tell only each change. */
  changeAndComplete: (value: string) => void;
}

function App({ widget: Widget }: { widget: (field: Field) => ReactNode }) {
  const [value, setValue] = useState("");
  const [gone, setGone] = useState(false);
  const [refusals, setRefusals] = useState(0);
  useEffect(() => record("state", value), [value]);
  // Stable, since some widgets report a complete code again to each new callback.
  const complete = useCallback(async (code: string) => {
    const outcome = await submit(code);
    if (outcome === "gone") setGone(true);
    if (outcome !== "cleared") return;
    setValue("");
    setRefusals((count) => count + 1);
  }, []);
  const changeAndComplete = useMemo(() => completing(setValue, complete), [refusals]);
  if (gone) return <p>Welcome!</p>;
  const field = { value, change: setValue, complete, changeAndComplete };
  return (
    <>
      <Widget key={refusals} {...field} />
      {refusals > 0 && <p role="alert">Wrong code</p>}
    </>
  );
}

export function mount(widget: (field: Field) => ReactNode): void {
  createRoot(document.getElementById("app")!).render(<App widget={widget} />);
}
