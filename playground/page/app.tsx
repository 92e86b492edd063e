import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Screen } from "../protocol.ts";
import { type Look, Looking } from "./context.ts";
import { ModalStack } from "./modal/modal-stack.tsx";
import { Tools } from "./panels/tools.tsx";
import { Banners } from "./shell/banners.tsx";
import { Deactivated } from "./shell/deactivated.tsx";
import { Guide } from "./shell/guide.tsx";
import { Toasts, type Trouble } from "./shell/toasts.tsx";
import { TopBar } from "./shell/top-bar.tsx";
import { Workspace } from "./shell/workspace.tsx";
import { Paging } from "./store/page.ts";
import { post } from "./store/post.ts";
import { useScreen } from "./store/stream.ts";
import { firstPerson, usePageState } from "./store/use-page.ts";

/** The whole page. */
export function App(): JSX.Element {
  const page = usePageState();
  const { go } = page;
  const { person } = page.route;
  const stream = useScreen(person, () => {
    if (person !== firstPerson) go({ person: firstPerson, place: null, thread: null });
  });
  const [troubles, setTroubles] = useState<readonly Trouble[]>([]);
  const say = useCallback(
    (text: string) =>
      setTroubles((before) =>
        [...before.filter((one) => one.text !== text), { id: nextId(), text }].slice(-4),
      ),
    [],
  );
  const dismiss = useCallback(
    (id: number) => setTroubles((before) => before.filter((one) => one.id !== id)),
    [],
  );
  const { screen } = stream;
  // Until the new person's first screen is there, the page stays as the one before saw it, place and all.
  const shown = useRef(page.route);
  if (screen === undefined || screen.as === person) shown.current = page.route;
  const settled = useMemo(() => ({ ...page, route: shown.current }), [page, screen]);
  const look = useMemo(() => screen && lookOf(screen, say), [screen, say]);

  return (
    <Paging.Provider value={settled}>
      <a class="skip-link" href="#main" onClick={skipToMain}>
        Skip to the conversation
      </a>
      {look === undefined ? (
        <p class="starting" role="status">
          {stream.isLost
            ? "The playground does not answer. Start it: npm run playground"
            : "Opening the playground …"}
        </p>
      ) : (
        <Looking.Provider value={look}>
          <Shown isLost={stream.isLost} markRead={page.markRead} look={look} />
          <ModalStack views={look.screen.modals} />
        </Looking.Provider>
      )}
      <Toasts troubles={troubles} onDismiss={dismiss} />
    </Paging.Provider>
  );
}

function Shown({
  look,
  isLost,
  markRead,
}: {
  readonly look: Look;
  readonly isLost: boolean;
  readonly markRead: (person: string, channelId: string, ts: string) => void;
}): JSX.Element {
  const { screen } = look;
  const isGone = screen.people.find(({ name }) => name === screen.as)?.isDeactivated ?? false;
  useEffect(() => {
    const who = screen.people.find(({ name }) => name === screen.as);
    document.title = `${who?.realName ?? screen.as} · Hallpass playground`;
  }, [screen.as]);
  return (
    <div class="app">
      <TopBar />
      <Banners isLost={isLost} />
      <Guide />
      <div class="floor">
        {isGone ? <Deactivated /> : <Workspace markRead={markRead} />}
        <Tools />
      </div>
    </div>
  );
}

function lookOf(screen: Screen, say: (text: string) => void): Look {
  return {
    screen,
    me: screen.as,
    zone: screen.users.find(({ name }) => name === screen.as)?.timezone ?? "UTC",
    now: () => Date.now() + screen.clock.aheadMs,
    send: post,
    say,
  };
}

let lastId = 0;
function nextId(): number {
  return ++lastId;
}

/** The hash is the page's route, so the link moves the focus itself. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
