import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { castOf } from "../../playground/stage/cast.ts";
import { readStagePolicy } from "../../playground/stage/policy.ts";
import { type Stage, startStage } from "../../playground/stage/stage.ts";
import { playgroundStartMs } from "../support/playground.ts";
import { until } from "./until.ts";

const policyText = `
version: 1
settings: { channel: "#shop-access", alerts: "#access-alerts", admins: [orders_admin@shop.example] }
people: { "frank.miller@shop.example": { shop: carol } }
groups:
  clerks: { members: [frank.miller@shop.example, frank.miller@elsewhere.example] }
  managers: { members: [grace@shop.example, alice@example.com] }
providers: { shop: { type: postgres, url: "\${ORDERS_DATABASE_URL}" } }
resources:
  till: { provider: shop, roles: { read: { title: Look, grant: { role: orders_read } } } }
rules:
  - name: a manager lets clerks look
    requesters: [group:clerks]
    access: ["till:read"]
    decision: review
    approvals: [{ from: [group:managers] }]
`;

const folder = mkdtempSync(join(tmpdir(), "hallpass-own-policy-"));
// Under root its PostgreSQL runs as another user, who must be able to get here.
chmodSync(folder, 0o755);
const path = join(folder, "hallpass.yml");
writeFileSync(path, policyText);
let stage: Stage;

beforeAll(async () => {
  stage = await startStage({ dataDir: folder, policy: await readStagePolicy(path) });
}, playgroundStartMs);
afterAll(async () => {
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("gives accounts to whom the policy names and nobody else has, each by a name of their own", async () => {
  const { policy } = await readStagePolicy(path);
  const { accounts, people, channels, leftOut } = castOf(policy);
  expect(accounts).toEqual([
    { name: "frank.miller", email: "frank.miller@elsewhere.example", realName: "Frank Miller" },
    { name: "frank.miller2", email: "frank.miller@shop.example", realName: "Frank Miller" },
    { name: "grace", email: "grace@shop.example", realName: "Grace" },
    { name: "orders_admin", email: "orders_admin@shop.example", realName: "Orders Admin" },
  ]);
  // As the policy's provider knows them there: two of one name are nobody's.
  expect(people.map(({ name, login }) => [name, login])).toEqual([
    ["frank.miller", "frank.miller"],
    ["frank.miller2", "carol"],
    ["grace", "grace"],
    ["orders_admin", null],
  ]);
  expect(channels).toEqual(["shop-access", "access-alerts"]);
  expect(leftOut).toBe(0);
});

it("gives thirty of them accounts, and says how many have none", async () => {
  const members = Array.from({ length: 40 }, (_, index) => `clerk-${index}@shop.example`);
  writeFileSync(
    join(folder, "many.yml"),
    policyText.replace(
      "members: [grace@shop.example, alice@example.com]",
      `members: [${members.join(", ")}]`,
    ),
  );
  const { policy } = await readStagePolicy(join(folder, "many.yml"));
  expect(castOf(policy)).toMatchObject({ accounts: { length: 30 }, leftOut: 13 });
  rmSync(join(folder, "many.yml"));
});

it("plays by it: its people ask and approve in its channel, and a change counts", async () => {
  expect(stage.hasStory).toBe(false);
  const { slack } = stage;
  const frank = slack.as("frank.miller2");
  await frank.types("/request-access till read 1h the till is open");
  const message = await until(slack, "the request", () => slack.as("grace").sees("shop-access").at(-1));
  await slack.as("grace").presses(message, "Approve");
  const members = async (): Promise<readonly string[]> =>
    (await stage.orders.roles()).find(({ role }) => role === "orders_read")?.members ?? [];
  await until(slack, "the access", async () => (await members()).includes("carol"));

  // Whoever has a login there can use what they were given, by a name that has to be quoted.
  await slack.as("frank.miller").types("/request-access till read 1h the till is open");
  const second = await until(slack, "the second request", () =>
    slack
      .as("grace")
      .sees("shop-access")
      .find(({ visibleText }) => visibleText.includes("frank.miller@elsewhere.example")),
  );
  await slack.as("grace").presses(second, "Approve");
  await until(slack, "access for a login of its own", async () => (await members()).includes("frank.miller"));
  expect(await stage.orders.run("frank.miller", "select 1 from orders limit 1")).toMatchObject({
    kind: "rows",
  });

  writeFileSync(
    path,
    policyText.replace('"till:read"]', '"till:none"]').replace("read: { title", "none: { title"),
  );
  const answer = async (): Promise<string> =>
    JSON.stringify(await frank.types("/request-access till read 1h once more"));
  await until(slack, "the change to count", async () => (await answer()).includes("till has no role"));
  expect(readFileSync(path, "utf8")).toContain("till:none");
});
