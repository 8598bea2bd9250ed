import SveltePincode from "./SveltePincode.svelte";
import { show } from "./svelte";

show(SveltePincode);
