import { MenuItem, Select, TextField } from "@mui/material";
import { useState } from "react";
import { country } from "./app";
import { mount } from "./react";

const DIALS: Record<string, string> = { US: "+1", ID: "+62", GB: "+44" };
const NAMES: Record<string, string> = { US: "United States", ID: "Indonesia", GB: "United Kingdom" };

function Phone({ change }: { change: (value: string) => void }) {
  const [dial, setDial] = useState(DIALS[country]!);
  const [number, setNumber] = useState("");
  const set = (nextDial: string, next: string) => {
    setDial(nextDial);
    setNumber(next);
    change(nextDial + next);
  };
  return (
    <div style={{ display: "flex" }}>
      <Select value={dial} onChange={(event) => set(event.target.value, number)}>
        {Object.entries(DIALS).map(([region, value]) => (
          <MenuItem key={region} value={value}>{`${NAMES[region]} (${value})`}</MenuItem>
        ))}
      </Select>
      <TextField
        label="Phone number"
        type="tel"
        value={number}
        onChange={(event) => set(dial, event.target.value.replace(/\D/g, ""))}
      />
    </div>
  );
}

mount(({ change }) => <Phone change={change} />);
