import type { JSX } from "preact";
import { colourOf, initialsOf } from "../store/initials.ts";

const colours = 8;

/** Coloured initials; Hallpass has its badge. The name stands beside it, so readers aloud skip it. */
export function Avatar({
  name,
  realName,
  isBot = false,
}: {
  readonly name: string;
  readonly realName: string;
  readonly isBot?: boolean;
}): JSX.Element {
  if (isBot) {
    return (
      <span class="avatar avatar-bot" aria-hidden="true">
        <svg viewBox="0 0 32 32" focusable="false">
          <path d="M10 15v-2.500a6 6 0 0 1 12 0V15" />
          <rect x="7.500" y="15" width="17" height="10" rx="3" />
        </svg>
      </span>
    );
  }
  return (
    <span class={`avatar avatar-${colourOf(name, colours)}`} aria-hidden="true">
      {initialsOf(realName)}
    </span>
  );
}
