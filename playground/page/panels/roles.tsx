import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLooking } from "../context.ts";
import { Avatar } from "../shell/avatar.tsx";

/** As long as the chip takes to fade; see roles.css. */
const leavingMs = 450;

/** Who is a member of which role, as the database itself says it. */
export function Roles(): JSX.Element {
  const { screen } = useLooking();
  return (
    <section class="roles" aria-labelledby="roles-title">
      <h3 id="roles-title">
        Who holds which role <span class="live">live</span>
      </h3>
      <ul role="list" aria-live="polite">
        {screen.orders.roles.map(({ role, title, members }) => (
          <li key={role}>
            <p>
              {title} <code>{role}</code>
            </p>
            <Members members={members} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Members({ members }: { readonly members: readonly string[] }): JSX.Element {
  const { screen } = useLooking();
  const shown = useLeaving(members);
  return (
    <div class="members">
      {shown.length === 0 && <span class="quiet">nobody</span>}
      {shown.map(({ name, isLeaving }) => (
        <span
          key={name}
          class={isLeaving ? "member is-leaving" : "member"}
          aria-hidden={isLeaving || undefined}
        >
          <Avatar name={name} realName={screen.users.find((user) => user.name === name)?.realName ?? name} />
          {name}
        </span>
      ))}
    </div>
  );
}

/** The members, and for a moment those who have just gone. */
function useLeaving(
  members: readonly string[],
): readonly { readonly name: string; readonly isLeaving: boolean }[] {
  const [shown, setShown] = useState(members);
  const key = members.join("\n");
  useEffect(() => {
    setShown((before) => [...members, ...before.filter((name) => !members.includes(name))]);
    const timer = setTimeout(() => setShown(members), leavingMs);
    return () => clearTimeout(timer);
  }, [key]);
  const all = [...members, ...shown.filter((name) => !members.includes(name))];
  return all.map((name) => ({ name, isLeaving: !members.includes(name) }));
}
