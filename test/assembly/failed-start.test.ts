import { once } from "node:events";
import { createServer } from "node:net";
import { pino } from "pino";
import { Client } from "pg";
import { z } from "zod";
import { createClosers } from "../../src/assembly/closers.ts";
import type { Config } from "../../src/config.ts";
import { startHallpass } from "../../src/main.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { configFor, ordinaryPolicy, policyFrom } from "../support/hallpass.ts";

const nobodysSlack = {
  tokens: { bot: "xoxb-1", app: "xapp-1" },
  apiUrl: "http://127.0.0.1:1/",
  signingSecret: "",
};
const policy = policyFrom(ordinaryPolicy({ read: "reader", write: "writer", subject: (person) => person }));
const silent = pino({ level: "silent" });

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database?.close());

describe("a part that cannot start closes all that had started before it, and its error is the start's", () => {
  it.each<[part: string, change: (config: Config, taken: number) => Config, error: RegExp]>([
    [
      "the server for operators",
      (config, port) => ({ ...config, ops: { host: "127.0.0.1", port } }),
      /OPS_PORT/,
    ],
    [
      "the storage",
      (config) => ({ ...config, database: { ...config.database, url: `${database.url}-of-nobody` } }),
      /of-nobody/,
    ],
    ["the policy", (config) => config, /ORDERS/],
    [
      "the audit, while the policy is in force",
      (config) => ({ ...config, auditKey: "no key" }),
      /HALLPASS_AUDIT_KEY/,
    ],
  ])("%s", async (part, change, error) => {
    const [port, other] = [await listen(), await listen()];
    await port.close();
    const config = change(
      { ...configFor(nobodysSlack, database.workUrl, {}), http: { host: "127.0.0.1", port: port.number } },
      other.number,
    );
    const secret = (): string | undefined => (part === "the policy" ? undefined : database.url);
    try {
      await expect(startHallpass({ config, policy, secret, log: silent })).rejects.toThrow(error);
      await (await listen(port.number)).close();
      expect(await connections()).toEqual([]);
    } finally {
      await other.close();
    }
  });
});

it("what was opened is closed from the last to the first, whatever fails or hangs on the way, and once", async () => {
  const said: string[] = [];
  const closers = createClosers(pino({ level: "error" }, { write: (line) => void said.push(line) }));
  const closed: string[] = [];
  const closes = (name: string) => (): Promise<void> => {
    closed.push(name);
    return Promise.resolve();
  };
  closers.add(closes("first"));
  closers.add(() => new Promise(() => undefined), 10);
  closers.add(closes("second"));
  closers.add(() => Promise.reject(new Error("it does not close")));
  closers.add(() => {
    throw new Error("it closes even less");
  });
  closers.add(closes("third"));
  await closers.closeAll();
  await closers.closeAll();
  expect(closed).toEqual(["third", "second", "first"]);
  expect(said).toEqual([
    expect.stringContaining("it closes even less"),
    expect.stringContaining("it does not close"),
  ]);
});

/** Takes a port of this machine. */
async function listen(
  wanted = 0,
): Promise<{ readonly number: number; readonly close: () => Promise<unknown> }> {
  const server = createServer().listen(wanted, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { number: port, close: () => once(server.close(), "close") };
}

/** The names of all that is connected to the database. */
async function connections(): Promise<readonly string[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select application_name as name from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}
