import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deed, Done, InspectorEntry, OrdersCard, Screen } from "../../playground/protocol.ts";
import type { SlackOptions } from "../../slack-simulator/server.ts";
import type { Stage } from "../../playground/stage/stage.ts";
import { startPage } from "../../playground/web/server.ts";
import { startApp, type RunningApp, type Transport } from "../playground/bolt-app.ts";
import { startSlack, type Slack } from "../support/slack.ts";

/** Listens to server-sent events. */
export interface Listener<T> {
  /** All that came so far. */
  readonly all: readonly T[];
  /** The first, of those that came or will, that the condition holds for. */
  readonly first: (condition: (one: T) => boolean, what: string) => Promise<T>;
}

/** What the tests change behind the page's back; the page has to look for it. */
export interface Behind {
  roles: OrdersCard["roles"];
  next: { readonly at: number; readonly what: string } | null;
  events: { readonly type: string; readonly actorEmail: string | null }[];
  queriesThatWorked: number;
  isProviderDown: boolean;
  advancedMs: number;
  sql: string[];
  looks: number;
}

export interface Setting {
  readonly slack: Slack;
  readonly app: RunningApp;
  readonly url: string;
  readonly behind: Behind;
  readonly stage: Stage;
  readonly screen: (as: string) => Promise<Listener<Screen>>;
  readonly inspector: () => Promise<Listener<InspectorEntry>>;
  readonly do: (deed: Deed) => Promise<Done>;
  /** One request as given: any headers, any body. */
  readonly raw: (
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ) => Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: string;
  }>;
  readonly close: () => Promise<void>;
}

const PEOPLE = ["alice", "bob", "dana", "greta", "sam", "dave"];
const WAIT_MS = 30_000;

/** The page on a simulated Slack with a small Bolt app; the databases and the clock are only pretended. */
export async function openPage(
  options: SlackOptions & { readonly transport?: Transport; readonly assets?: string } = {},
): Promise<Setting> {
  const slack = await startSlack(options);
  const app = await startApp(slack, options.transport ?? "http");
  const folder = await mkdtemp(join(tmpdir(), "hallpass-page-"));
  await writeFile(join(folder, "index.html"), "<title>Playground</title>");
  const { stage, behind } = pretend(slack);
  const page = await startPage(stage, { port: 0, assets: options.assets ?? folder });
  const hangUp = new AbortController();

  return {
    slack,
    app,
    stage,
    behind,
    url: page.url,
    screen: (as) => listen(`${page.url}api/screen?as=${as}`, hangUp.signal),
    inspector: () => listen(`${page.url}api/inspector`, hangUp.signal),
    do: async (deed) => {
      const response = await fetch(`${page.url}api/do`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(deed),
      });
      const done: Done = JSON.parse(await response.text());
      return done;
    },
    raw: (path, headers = {}, body) => send(new URL(path, page.url), headers, body),
    close: async () => {
      hangUp.abort();
      slack.faults.clear();
      await page.close();
      await app.stop();
      await slack.close();
      await rm(folder, { recursive: true });
    },
  };
}

function pretend(slack: Slack): { readonly stage: Stage; readonly behind: Behind } {
  const behind: Behind = {
    roles: [{ role: "orders_read", title: "Read only", members: [] }],
    next: null,
    events: [],
    queriesThatWorked: 0,
    isProviderDown: false,
    advancedMs: 0,
    sql: [],
    looks: 0,
  };
  const stage: Stage = {
    slack,
    people: PEOPLE.map((name) => ({ name, part: "engineer", login: name === "alice" ? "alice" : null })),
    commands: [{ command: "/echo", description: "Says it again", hint: "[TEXT]" }],
    orders: {
      run: async (person, sql) => {
        behind.sql.push(`${person}: ${sql}`);
        return { kind: "done", text: "SELECT 0" };
      },
      roles: async () => {
        behind.looks += 1;
        return behind.roles;
      },
      loginUrl: (person) => (person === "alice" ? "postgresql://alice@127.0.0.1:5432/orders" : null),
    },
    clock: {
      now: () => 1_000_000,
      aheadMs: () => behind.advancedMs,
      advance: (milliseconds) => {
        behind.advancedMs += milliseconds;
      },
      next: async () => behind.next,
    },
    facts: {
      events: async () => behind.events,
      queriesThatWorked: () => behind.queriesThatWorked,
      clockWasMoved: () => behind.advancedMs > 0,
    },
    hasStory: true,
    setProviderDown: (isDown) => {
      behind.isProviderDown = isDown;
    },
    close: async () => {},
  };
  return { stage, behind };
}

async function listen<T>(url: string, signal: AbortSignal): Promise<Listener<T>> {
  const response = await fetch(url, { signal });
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  const all: T[] = [];
  let tell = (): void => {};
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  void (async () => {
    let text = "";
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (done || value === undefined) return;
      const parts = (text + value).split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const data = /^event: \w+\ndata: (.*)$/.exec(part)?.[1];
        if (data !== undefined) all.push(JSON.parse(data));
      }
      tell();
    }
  })();
  return {
    all,
    first: async (condition, what) => {
      const deadline = performance.now() + WAIT_MS;
      for (;;) {
        const found = all.find(condition);
        if (found !== undefined) return found;
        const left = deadline - performance.now();
        if (left <= 0) throw new Error(`Waited for ${what}; came: ${JSON.stringify(all.at(-1), null, 1)}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          const before = tell;
          tell = () => {
            clearTimeout(timer);
            before();
            resolve();
          };
        });
      }
    },
  };
}

// Not fetch: it sets the Host itself.
function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body?: string,
): ReturnType<Setting["raw"]> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: body === undefined ? "GET" : "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
