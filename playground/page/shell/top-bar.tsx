import type { JSX } from "preact";
import { PersonSwitch } from "./person-switch.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

/** What this is, who one is, how it looks. */
export function TopBar(): JSX.Element {
  return (
    <header class="top-bar">
      <div class="brand">
        <img src="./favicon.svg" alt="" width="28" height="28" />
        <h1>
          Hallpass <span>playground</span>
        </h1>
        <p class="unreal">
          <span>Playground:</span> nothing here is real
        </p>
      </div>
      <PersonSwitch />
      <ThemeSwitch />
    </header>
  );
}
