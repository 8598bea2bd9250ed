import BitsUi from "./BitsUi.svelte";
import { show } from "./svelte";

show(BitsUi);
