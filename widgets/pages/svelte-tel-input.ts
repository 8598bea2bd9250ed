import SvelteTelInput from "./SvelteTelInput.svelte";
import { show } from "./svelte";

show(SvelteTelInput);
