import type { JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CommandCard } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { completionsOf, onEnter } from "../store/completion.ts";
import { useDo } from "../store/do.ts";
import { usePage } from "../store/page.ts";
import { Commands } from "./commands.tsx";
import { Icon } from "./icons.tsx";

/** The message box: Enter sends, Shift+Enter breaks the line, `/` offers the commands. */
export function Composer({
  box,
  boxKind,
  channelId,
  threadTs,
  placeholder,
}: {
  readonly box: string;
  readonly boxKind: "message" | "reply";
  readonly channelId: string;
  readonly threadTs?: string;
  readonly placeholder: string;
}): JSX.Element {
  const { screen, say } = useLooking();
  const { draft, setDraft } = usePage();
  const act = useDo();
  const listId = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [marked, setMarked] = useState(0);
  const [isDismissed, setDismissed] = useState(false);
  const text = draft(box);
  const offered = isDismissed ? [] : completionsOf(text, screen.commands);
  const chosen = offered[Math.min(marked, offered.length - 1)];

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    // Nothing, while a phone shows another pane.
    if (element.scrollHeight > 0) element.style.height = `${element.scrollHeight}px`;
  }, [text]);
  useEffect(() => setMarked(0), [text]);

  const write = (next: string): void => {
    setDismissed(false);
    setDraft(box, next);
  };
  const complete = (command: CommandCard): void => {
    write(`${command.command} `);
    area.current?.focus();
  };
  const submit = async (): Promise<void> => {
    const said = text.trim();
    if (said === "") return;
    const [command = ""] = said.split(/\s/);
    if (threadTs !== undefined && said.startsWith("/")) {
      say(`${command} is not supported in threads. Sorry!`);
      return;
    }
    setDraft(box, "");
    const done = await act({
      do: "say",
      as: screen.as,
      channelId,
      text: said,
      ...(threadTs && { threadTs }),
    });
    // What could not be said is given back, as long as nothing else was begun.
    if (!done.ok && (area.current?.value ?? "") === "") setDraft(box, text);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.isComposing) return;
    const isList = offered.length > 0;
    if (event.key === "Escape" && isList) setDismissed(true);
    else if (event.key === "ArrowDown" && isList) setMarked((marked + 1) % offered.length);
    else if (event.key === "ArrowUp" && isList) setMarked((marked + offered.length - 1) % offered.length);
    else if (event.key === "Tab" && !event.shiftKey && chosen) complete(chosen);
    else if (event.key === "Enter" && !event.shiftKey) {
      if (chosen && onEnter(text, chosen) === "complete") complete(chosen);
      else void submit();
    } else return;
    event.preventDefault();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {offered.length > 0 && <Commands id={listId} commands={offered} marked={chosen} onChoose={complete} />}
      <div class="composer-box">
        <textarea
          ref={area}
          rows={1}
          data-box={boxKind}
          data-for={screen.as}
          aria-label={placeholder}
          placeholder={placeholder}
          value={text}
          maxLength={12_000}
          aria-autocomplete="list"
          aria-controls={offered.length > 0 ? listId : undefined}
          aria-activedescendant={chosen && offered.length > 0 ? `${listId}-${chosen.command}` : undefined}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="send" disabled={text.trim() === ""}>
          <Icon name="send" />
          <span class="unseen">Send</span>
        </button>
      </div>
    </form>
  );
}
