import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useLooking } from "../context.ts";
import { focusBox } from "../store/focus.ts";
import { usePage } from "../store/page.ts";
import { homePlace } from "../store/route.ts";
import { ChannelPane } from "./channel.tsx";
import { HomePane } from "./home.tsx";
import { Sidebar } from "./sidebar.tsx";
import { ThreadPane } from "./thread.tsx";

/** Slack: the sidebar, the conversation, the thread beside it. On a phone, one of the three. */
export function Workspace({
  markRead,
}: {
  readonly markRead: (person: string, channelId: string, ts: string) => void;
}): JSX.Element {
  const { screen } = useLooking();
  const { route, go } = usePage();
  const isHome = route.place === homePlace;
  const channel = screen.channels.find(({ id }) => id === route.place) ?? screen.channels[0];
  const messages = (channel && screen.messages[channel.id]) ?? [];
  const root = isHome ? undefined : messages.find(({ ts }) => ts === route.thread);
  const pane = route.place === null ? "list" : root === undefined ? "main" : "thread";

  const last = messages.at(-1)?.ts;
  const isLookedAt = !isHome && (route.place !== null || !isPhone());
  useEffect(() => {
    const mark = (): void => {
      if (document.hidden || !isLookedAt || channel === undefined || last === undefined) return;
      markRead(screen.as, channel.id, last);
    };
    mark();
    document.addEventListener("visibilitychange", mark);
    return () => document.removeEventListener("visibilitychange", mark);
  }, [screen.as, channel?.id, last, isLookedAt, markRead]);

  useFocusOnMove(screen.as, route.place, root?.ts ?? null);

  return (
    <div class="slack" data-pane={pane}>
      <Sidebar channelId={isHome ? null : (channel?.id ?? null)} />
      <div class="panes">
        {isHome ? (
          <HomePane />
        ) : channel === undefined ? (
          <main class="pane pane-main" id="main" tabIndex={-1}>
            <p class="empty">There is no channel here for this person.</p>
          </main>
        ) : (
          <ChannelPane key={`${screen.as}/${channel.id}`} channel={channel} messages={messages} />
        )}
        {root !== undefined && channel !== undefined && (
          <ThreadPane
            key={`${screen.as}/${channel.id}/${root.ts}`}
            channel={channel}
            root={root}
            messages={messages}
            onClose={() => go({ thread: null })}
          />
        )}
      </div>
    </div>
  );
}

/** Going somewhere puts the cursor where one goes on: in the message box, on a phone (where that calls the keyboard) the pane. */
function useFocusOnMove(person: string, place: string | null, thread: string | null): void {
  const before = useRef({ person, place, thread });
  useEffect(() => {
    const was = before.current;
    before.current = { person, place, thread };
    // Whoever switches persons by keyboard stays in the switch.
    if (was.person !== person || (was.place === place && was.thread === thread)) return;
    if (place === null) focusBox("sidebar");
    else if (isPhone() || place === homePlace) focusBox(thread === null ? "pane" : "thread-pane");
    else focusBox(thread === null ? "message" : "reply");
  }, [person, place, thread]);
}

function isPhone(): boolean {
  return window.matchMedia("(max-width: 700px)").matches;
}
