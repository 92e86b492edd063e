import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { objectOf, textOf, textsOf, type JsonObject } from "../../../slack-simulator/json.ts";
import { type Look, useLooking } from "../context.ts";
import { useConfirm } from "../modal/confirm.tsx";
import { plainText } from "../text/plain-text.ts";
import { Combobox } from "./combobox.tsx";
import { type ElementProps, useDeeds } from "./deeds.ts";
import { useSuggestions } from "./suggestions.ts";
import { type Choice, chosenOf, heldBy, matching, ownChoices, valueObject } from "./values.ts";

/** Every kind of select menu, one choice or several. */
export function Select(props: ElementProps): JSX.Element {
  const { element, field } = props;
  const look = useLooking();
  const { enter } = useDeeds();
  const { confirmed, dialog } = useConfirm();
  const type = textOf(element.type);
  const isMulti = type.startsWith("multi_");
  const isExternal = type.endsWith("external_select");
  const [typed, setTyped] = useState("");
  const [held, setHeld] = useState(() => heldBy(element, props.value));
  const suggestions = useSuggestions(props);

  const offered = isExternal ? suggestions.choices : offeredBy(element, look);
  const choices = isExternal ? offered : matching(offered, typed);
  const chosen = chosenOf(held, offered);
  const most = typeof element.max_selected_items === "number" ? element.max_selected_items : Infinity;

  async function change(next: readonly Choice[]): Promise<void> {
    if (!(await confirmed(element.confirm))) return;
    const all = next.map((choice) => choice.held);
    const value = isMulti ? all : (all[0] ?? null);
    setHeld(value);
    enter(props, valueObject(type, value));
  }

  function choose(choice: Choice): void {
    if (!isMulti) return void change([choice]);
    const without = chosen.filter(({ key }) => key !== choice.key);
    if (without.length < chosen.length) void change(without);
    else if (chosen.length < most) void change([...chosen, choice]);
    else look.say(`At most ${most} can be chosen here; remove one first.`);
  }

  const note = isExternal ? suggestions.note : choices.length === 0 ? "Nothing matches." : "";
  return (
    <>
      <Combobox
        field={field}
        placeholder={plainText(element.placeholder) || "Choose an option"}
        choices={note === "" ? choices : []}
        chosen={chosen}
        isMulti={isMulti}
        note={note}
        isShort={!isExternal && offered.length < 8}
        onType={(text) => {
          setTyped(text);
          if (isExternal) suggestions.search(text);
        }}
        onChoose={choose}
        onRemove={(choice) => void change(chosen.filter(({ key }) => key !== choice.key))}
      />
      {dialog}
    </>
  );
}

/** What a select offers by itself: its options, or the workspace's people or channels. */
function offeredBy(element: JsonObject, { screen }: Look): readonly Choice[] {
  const type = textOf(element.type);
  if (type.endsWith("static_select")) return ownChoices(element);
  if (type.endsWith("users_select")) {
    return screen.users.map(({ id, realName, name, isBot }) => ({
      key: id,
      text: realName,
      description: isBot ? `${name} (app)` : name,
      group: "",
      held: id,
    }));
  }
  const kinds = textsOf(objectOf(element.filter).include);
  return screen.channels
    .filter(({ kind }) => {
      if (type.endsWith("channels_select")) return kind === "channel";
      return kinds.length === 0 || kinds.includes(slackKinds[kind]);
    })
    .filter(({ isArchived }) => !isArchived)
    .map(({ id, name, kind }) => ({
      key: id,
      text: kind === "direct" ? name : `#${name}`,
      description: "",
      group: "",
      held: id,
    }));
}

/** How a conversation filter calls our kinds of channels. */
const slackKinds = { channel: "public", private: "private", direct: "im" } as const;
