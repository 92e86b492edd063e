import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { FaultName } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { useDo } from "../store/do.ts";
import { faultWords } from "./fault-words.ts";

const faultNames: readonly FaultName[] = ["slow", "down", "rate_limited", "duplicates", "provider_down"];

/** What can go wrong, to be switched on and watched. */
export function FaultsPanel(): JSX.Element {
  return (
    <div class="tool-body">
      <p class="quiet">Switch one on, do something, and watch what Hallpass makes of it.</p>
      <ul class="faults" role="list">
        {faultNames.map((fault) => (
          <Fault key={fault} fault={fault} />
        ))}
      </ul>
    </div>
  );
}

function Fault({ fault }: { readonly fault: FaultName }): JSX.Element {
  const { screen } = useLooking();
  const act = useDo();
  const id = useId();
  const isOn = screen.faults[fault];
  const { title, expect } = faultWords[fault];
  return (
    <li>
      <label class="switch">
        <span>{title}</span>
        <input
          type="checkbox"
          role="switch"
          checked={isOn}
          aria-describedby={id}
          onChange={() => void act({ do: "switch_fault", fault, on: !isOn })}
        />
      </label>
      <p class="quiet" id={id}>
        {expect}
      </p>
    </li>
  );
}
