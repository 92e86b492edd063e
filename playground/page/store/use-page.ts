import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { GuideStep } from "../../protocol.ts";
import { isFlag, readKept, useKept } from "./kept.ts";
import { boxName, isDrawer, type Page, type Tool, tools } from "./page.ts";
import { formatRoute, parseRoute, type Route } from "./route.ts";
import { isLastRead, type LastRead, markRead } from "./unread.ts";
import { focusBox } from "./focus.ts";

export const firstPerson = "alice";
const firstSql = "select * from orders limit 5;";

/** The page's own state, and the way to change which channel was read up to where. */
export function usePageState(): Page & {
  readonly markRead: (person: string, channelId: string, ts: string) => void;
} {
  const [route, go] = useRoute();
  const [drafts, setDrafts] = useState<Readonly<Record<string, string>>>({});
  const [sql, setSql] = useState(firstSql);
  const [tab, setTab] = useKept<Tool>("tool", isTool, "orders");
  const [isOpen, setOpen] = useKept("tool-open", isFlag, window.matchMedia("(min-width: 1200px)").matches);
  const [lastRead, setLastRead] = useKept<LastRead>("last-read", isLastRead, {});

  const setDraft = useCallback(
    (box: string, text: string) => setDrafts((before) => ({ ...before, [box]: text })),
    [],
  );
  const showTool = useCallback(
    (next: Tool, open = true) => {
      setTab(next);
      setOpen(open);
    },
    [setTab, setOpen],
  );
  const mark = useCallback(
    (person: string, channelId: string, ts: string) =>
      setLastRead((before) => markRead(before, person, channelId, ts)),
    [setLastRead],
  );
  const prepare = useCallback(
    ({ as, offer }: GuideStep) => {
      const showChat = (): void => void (isDrawer() && setOpen(false));
      switch (offer.kind) {
        case "command":
          showChat();
          setDraft(boxName(as, offer.channelId), offer.text);
          go({ person: as, place: offer.channelId, thread: null });
          focusBox("message");
          return;
        case "channel":
          showChat();
          go({ person: as, place: offer.channelId, thread: null });
          focusBox(isDrawer() ? "pane" : "message");
          return;
        case "sql":
          setSql(offer.text);
          showTool("orders");
          go({ person: as });
          focusBox("sql");
          return;
        case "clock":
          showTool("clock");
          go({ person: as });
          focusBox("clock");
          return;
      }
    },
    [go, setDraft, showTool, setOpen],
  );

  return useMemo(
    () => ({
      route,
      go,
      href: (place, thread) => formatRoute({ person: route.person, place, thread: thread ?? null }),
      draft: (box) => drafts[box] ?? "",
      setDraft,
      tool: { tab, isOpen },
      showTool,
      sql,
      setSql,
      lastRead,
      prepare,
      markRead: mark,
    }),
    [route, go, drafts, setDraft, tab, isOpen, showTool, sql, lastRead, prepare, mark],
  );
}

function useRoute(): readonly [Page["route"], Page["go"]] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  const route = useMemo(() => known(parseRoute(hash)), [hash]);
  useEffect(() => {
    localStorage.setItem("hallpass.person", JSON.stringify(route.person));
  }, [route.person]);
  const go = useCallback((change: Partial<Route>) => {
    location.hash = formatRoute({ ...known(parseRoute(location.hash)), ...change });
  }, []);
  return [route, go];
}

/** A visit without a hash goes on as whoever one was the last time. */
function known(route: Route): Page["route"] {
  return { ...route, person: route.person ?? readKept("person", isText, firstPerson) };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTool(value: unknown): value is Tool {
  return tools.some((tool) => tool === value);
}
