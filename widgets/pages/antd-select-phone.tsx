import { Input, Select, Space } from "antd";
import { useState } from "react";
import { country } from "./app";
import { mount } from "./react";

const DIALS: Record<string, string> = { US: "+1", ID: "+62", GB: "+44", DE: "+49" };
const options = Object.entries(DIALS).map(([region, value]) => ({ value, label: `${region} ${value}` }));

function Phone({ change }: { change: (value: string) => void }) {
  const [dial, setDial] = useState(DIALS[country]!);
  const [number, setNumber] = useState("");
  const set = (nextDial: string, next: string) => {
    setDial(nextDial);
    setNumber(next);
    change(nextDial + next);
  };
  return (
    <Space.Compact>
      <Select showSearch value={dial} options={options} style={{ width: 120 }} onChange={(next) => set(next, number)} />
      <Input
        name="phone"
        placeholder="Phone number"
        value={number}
        onChange={(event) => set(dial, event.target.value.replace(/\D/g, ""))}
      />
    </Space.Compact>
  );
}

mount(({ change }) => <Phone change={change} />);
