import type { JSX } from "preact";
import { Icon } from "./icons.tsx";

export interface Trouble {
  readonly id: number;
  readonly text: string;
}

/** What did not work, until somebody has read it. */
export function Toasts({
  troubles,
  onDismiss,
}: {
  readonly troubles: readonly Trouble[];
  readonly onDismiss: (id: number) => void;
}): JSX.Element {
  return (
    <div class="toasts" role="status">
      {troubles.map(({ id, text }) => (
        <div class="toast" key={id}>
          <Icon name="faults" />
          <p>{text}</p>
          <button type="button" class="icon-button" onClick={() => onDismiss(id)}>
            <Icon name="close" />
            <span class="unseen">Dismiss</span>
          </button>
        </div>
      ))}
    </div>
  );
}
