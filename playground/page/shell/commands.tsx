import type { JSX } from "preact";
import type { CommandCard } from "../../protocol.ts";

/** The slash commands that fit what is typed, above the message box. */
export function Commands({
  id,
  commands,
  marked,
  onChoose,
}: {
  readonly id: string;
  readonly commands: readonly CommandCard[];
  readonly marked: CommandCard | undefined;
  readonly onChoose: (command: CommandCard) => void;
}): JSX.Element {
  return (
    <div class="commands">
      <p class="commands-title" aria-hidden="true">
        Hallpass
      </p>
      <div role="listbox" id={id} aria-label="Commands">
        {commands.map((card) => (
          <div
            key={card.command}
            id={`${id}-${card.command}`}
            role="option"
            class="command"
            aria-selected={card === marked}
            // The box keeps the cursor.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onChoose(card)}
          >
            <p>
              <b>{card.command}</b> <span class="quiet">{card.hint}</span>
            </p>
            <p class="quiet">{card.description}</p>
          </div>
        ))}
      </div>
    </div>
  );
}
