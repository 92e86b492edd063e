import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { PersonCard } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { usePage } from "../store/page.ts";
import { Avatar } from "./avatar.tsx";

/** Who one is: one click, or the arrow keys, and one is somebody else. */
export function PersonSwitch(): JSX.Element {
  const { screen } = useLooking();
  const { go } = usePage();
  const row = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    const chosen = row.current?.querySelector("input:checked")?.closest("label");
    if (!row.current || !chosen) return;
    // Not scrollIntoView: that would scroll the page too.
    row.current.scrollLeft = chosen.offsetLeft - (row.current.clientWidth - chosen.offsetWidth) / 2;
  }, [screen.as]);
  return (
    <fieldset class="person-switch" ref={row}>
      <legend class="unseen">You are</legend>
      {screen.people.map((person) => (
        <Choice
          key={person.name}
          person={person}
          isChosen={person.name === screen.as}
          onChoose={() => go({ person: person.name, thread: null })}
        />
      ))}
    </fieldset>
  );
}

function Choice({
  person,
  isChosen,
  onChoose,
}: {
  readonly person: PersonCard;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}): JSX.Element {
  const { name, realName, part, isDeactivated } = person;
  return (
    <label class={isDeactivated ? "person is-gone" : "person"} title={`${realName}, ${part}`}>
      <input type="radio" name="person" value={name} checked={isChosen} onChange={onChoose} />
      <Avatar name={name} realName={realName} />
      <span class="person-words">
        <span class="person-name">{realName.split(" ")[0]}</span>
        <span class="person-part">{part}</span>
      </span>
    </label>
  );
}
