import "zone.js";
import "@angular/compiler"; // the libraries are compiled in the page: no build step of Angular's own
import { type Type, provideZoneChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { provideAnimations } from "@angular/platform-browser/animations";
import { completing, record, submit } from "./app";

/** The application around a code widget; a page's component extends it. */
export class CodePage {
  shown = true;
  private readonly completing = completing((value) => record("state", value), (code) => void this.complete(code));

  constructor() {
    record("state", "");
  }

  change(value: string): void {
    record("state", value);
  }

  changeAndComplete(value: string): void {
    this.completing(value);
  }

  async complete(code: string): Promise<void> {
    const outcome = await submit(code);
    if (outcome === "gone" || outcome === "cleared") this.shown = false;
    if (outcome !== "cleared") return;
    record("state", "");
    setTimeout(() => (this.shown = true)); // the widget is built anew, and thus empty
  }
}

export function start(component: Type<unknown>): void {
  document.getElementById("app")!.append(document.createElement("app-root"));
  void bootstrapApplication(component, { providers: [provideZoneChangeDetection(), provideAnimations()] });
}
