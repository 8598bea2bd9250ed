import { type App, type VNode, createApp, h, ref, watch } from "vue";
import { completing, record, submit } from "./app";

/** What a page hands to its widget. */
export interface Field {
  value: string;
  change: (value: string) => void;
  complete: (code: string) => void;
  changeAndComplete: (value: string) => void;
}

export function mount(widget: (field: Field) => VNode, plugins: (app: App) => void = () => {}): void {
  const app = createApp({
    setup() {
      const value = ref("");
      const gone = ref(false);
      const refusals = ref(0);
      watch(value, (now) => record("state", now), { immediate: true });
      const change = (next: string) => (value.value = next);
      const complete = async (code: string) => {
        const outcome = await submit(code);
        if (outcome === "gone") gone.value = true;
        if (outcome !== "cleared") return;
        value.value = "";
        refusals.value += 1;
      };
      const changeAndComplete = completing(change, complete);
      return () => {
        if (gone.value) return h("p", "Welcome!");
        const field = { value: value.value, change, complete, changeAndComplete };
        return h("div", { key: refusals.value }, [widget(field), refusals.value ? h("p", "Wrong code") : null]);
      };
    },
  });
  plugins(app);
  app.mount("#app");
}
