import { createServer } from "node:net";
import { mock } from "node:test";
import { startPage } from "../../playground/web/server.ts";
import { openPage, type Setting } from "./page.ts";

let page: Setting;

beforeEach(async () => {
  page = await openPage();
});

afterEach(async () => {
  mock.restoreAll();
  await page.close();
});

const json = { "content-type": "application/json" };
const port = (): string => new URL(page.url).port;
const post = (body: string, headers: Readonly<Record<string, string>> = json): ReturnType<Setting["raw"]> =>
  page.raw("/api/do", headers, body);

describe("who is let in", () => {
  test.each(["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"])(
    "a request for the host %s is refused",
    async (host) => {
      const answer = await page.raw("/api/screen?as=alice", { host });
      expect(answer.status).toBe(403);
      expect(answer.body).toBe(
        `The playground answers at http://127.0.0.1:${port()}/ only, not as "${host}".\n`,
      );
      expect(await page.raw("/", { host })).toMatchObject({ status: 403 });
    },
  );

  test("both names of this machine will do", async () => {
    expect(await page.raw("/", { host: `localhost:${port()}` })).toMatchObject({ status: 200 });
    expect(await page.raw("/", { host: `127.0.0.1:${port()}` })).toMatchObject({ status: 200 });
  });

  test.each(["http://evil.example", "null", "http://127.0.0.1:1", "file://"])(
    "a page from %s gives no orders",
    async (origin) => {
      const body = JSON.stringify({ do: "say", as: "alice", channelId: "C0GENERAL", text: "hello" });
      const answer = await post(body, { ...json, origin });
      expect(answer).toMatchObject({ status: 403 });
      expect(answer.body).toContain(`not from ${origin}`);
      expect(page.slack.channel("#general").messages()).toEqual([]);
      expect(await post(body, { ...json, origin: `http://localhost:${port()}` })).toMatchObject({
        status: 200,
      });
      expect(page.slack.channel("#general").messages()).toHaveLength(1);
    },
  );
});

describe("the page itself", () => {
  test("is never kept, and loads nothing from elsewhere", async () => {
    const answer = await page.raw("/?as=alice");
    expect(answer).toMatchObject({
      status: 200,
      body: "<title>Playground</title>",
      headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" },
    });
    expect(answer.headers["content-security-policy"]).toMatch(/^default-src 'self'; style-src 'self'; img/);
    expect(answer.headers["content-security-policy"]).not.toContain("unsafe");
  });

  test("says how it is built while it is not", async () => {
    const unbuilt = await startPage(page.stage, { port: 0, assets: "/nowhere/at/all" });
    const answer = await fetch(unbuilt.url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("npm run playground:page");
    expect((await fetch(`${unbuilt.url}elsewhere`)).status).toBe(404);
    await unbuilt.close();
  });

  test("says what to do where its port is taken", async () => {
    const taken = createServer();
    const free = await new Promise<number>((resolve) => {
      taken.listen(0, "127.0.0.1", () => {
        const address = taken.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    await expect(startPage(page.stage, { port: free })).rejects.toThrow(
      `Port ${free} is taken, perhaps by another playground. Choose another with --port.`,
    );
    taken.close();
  });
});

test.each([
  ["no JSON", "{", "JSON"],
  ["no deed", JSON.stringify({ do: "dance", as: "alice" }), "nothing the playground can do"],
  ["a field missing", JSON.stringify({ do: "say", as: "alice", text: "x" }), "channelId"],
  ["back in time", JSON.stringify({ do: "move_clock", by: -1 }), "by"],
  ["too far ahead", JSON.stringify({ do: "move_clock", by: 31 * 86_400_000 }), "by"],
  [
    "an empty message",
    JSON.stringify({ do: "say", as: "alice", channelId: "C0GENERAL", text: "  " }),
    "text",
  ],
])("a bad deed is answered in words: %s", async (_what, body, word) => {
  const answer = await post(body);
  expect(answer.status).toBe(400);
  const done: unknown = JSON.parse(answer.body);
  expect(done).toEqual({ ok: false, why: expect.stringContaining(word) });
  expect(answer.body).not.toMatch(/\bat .*\.ts/);
  expect(page.behind.advancedMs).toBe(0);
});

test("a bug is a reference to the page and a log line in the terminal", async () => {
  const logged = mock.method(console, "error", () => undefined);
  mock.method(page.stage.orders, "run", () => Promise.reject(new Error("secret detail")));
  const answer = await post(JSON.stringify({ do: "sql", as: "alice", sql: "select 1" }));
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain("secret detail");
  const reference = /under (\w{8})\./.exec(answer.body)?.[1];
  expect(logged.mock.calls.map((call) => call.arguments)).toEqual([
    [`Playground error ${reference}:`, expect.any(Error)],
  ]);
});

describe("files", () => {
  async function shared(channel: string): Promise<string> {
    await page.app.client.filesUploadV2({
      channel_id: channel,
      filename: "audit é.csv",
      content: "who,what\n<script>alice</script>,é\n",
    });
    return page.slack.workspace.files().at(-1)?.id ?? "";
  }

  test("are read as text by whoever sees where they were shared", async () => {
    const id = await shared("C0ACCESSAUDIT");
    const screen = await (
      await page.screen("dana")
    ).first((one) => Object.values(one.messages).flat().length > 0, "the export");
    const [file] = Object.values(screen.messages).flat()[0]?.files ?? [];
    expect(file).toMatchObject({ id, name: "audit é.csv", bytes: 35, url: `/api/files/${id}?as=dana` });
    expect(await page.raw(file?.url ?? "")).toMatchObject({
      status: 200,
      body: "who,what\n<script>alice</script>,é\n",
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "content-disposition": "inline; filename*=UTF-8''audit%20%C3%A9.csv",
        "x-content-type-options": "nosniff",
      },
    });
  });

  test("are refused to everybody else", async () => {
    const audit = await shared("C0ACCESSAUDIT");
    const direct = await shared(page.slack.workspace.directMessage("U0DANA").id);
    for (const path of [
      `${audit}?as=sam`,
      `${audit}?as=dave`,
      `${audit}?as=mallory`,
      audit,
      `${direct}?as=alice`,
      "F0NONE?as=dana",
    ]) {
      const answer = await page.raw(`/api/files/${path}`);
      expect(answer).toMatchObject({ status: 404 });
      expect(answer.body).not.toContain("who,what");
    }
    expect(await page.raw(`/api/files/${direct}?as=dana`)).toMatchObject({ status: 200 });
  });
});
