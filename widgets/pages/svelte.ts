import { type Component, mount } from "svelte";

export function show(page: Component): void {
  mount(page, { target: document.getElementById("app")! });
}
