import { choosesResource, fieldOf, fillsForm, opensForm } from "../support/form.ts";
import type { Names } from "../guarded/postgres.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { assertNoProblems } from "../support/slack-limits.ts";

const resourceCount = 150;
const roleCount = 130;

/** 150 small resources, and one with 130 roles. */
function largePolicy({ read, subject }: Names): string {
  const grant = `grant: { role: ${read} }`;
  const number = (index: number): string => String(index).padStart(3, "0");
  const resources = Array.from({ length: resourceCount }, (_, index) => {
    const role = `use: { title: Use it, ${grant} }`;
    return `  db-${number(index)}: { title: Ledger ${number(index)}, provider: pg, roles: { ${role} } }`;
  });
  const roles = Array.from({ length: roleCount }, (_, index) => {
    return `      part-${number(index)}: { title: Volume ${number(index)}, ${grant} }`;
  });
  return `
version: 1
settings: { channel: "#access-requests" }
people: { alice@example.com: { pg: ${subject("alice")} } }
groups:
  engineers: { members: [alice@example.com] }
  leads: { members: [bob@example.com] }
providers: { pg: { type: postgres, url: "\${ORDERS_DATABASE_URL}" } }
resources:
${resources.join("\n")}
  archive:
    title: The archive
    provider: pg
    roles:
${roles.join("\n")}
  vault: { title: Ledger of secrets, provider: pg, roles: { open: { title: Open, ${grant} } } }
rules:
  - { name: not the vault, requesters: [everyone], access: ["vault:*"], decision: deny }
  - name: engineers ask
    requesters: [group:engineers]
    access: ["*:use"${roles.map((_, index) => `, "archive:part-${number(index)}"`).join("")}]
    decision: review
    approvals: [{ from: [group:leads] }]
`;
}

let world: World;
beforeAll(async () => {
  world = await startWorld({ policy: largePolicy });
});
afterEach(async () => {
  assertNoProblems(world.slack);
  await world.slack.as("alice").closes();
});
afterAll(() => world?.stop());

it("searches more resources than Slack shows, by part of the title or of the name, in any case", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  expect(fieldOf(alice, "Resource").kind).toBe("external_select");
  expect(await alice.searches("Resource", "Ledger 14")).toEqual(
    Array.from({ length: 10 }, (_, index) => `Ledger 14${index}`),
  );
  expect(await alice.searches("Resource", "lEDGER 007")).toEqual(["Ledger 007"]);
  expect(await alice.searches("Resource", "db-149")).toEqual(["Ledger 149"]);
  expect(await alice.searches("Resource", "archive")).toEqual(["The archive"]);
  expect(await alice.searches("Resource", "")).toHaveLength(100);
  expect(await alice.searches("Resource", "no such thing")).toEqual([]);
});

it("finds nothing that the person may not ask for", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  for (const typed of ["vault", "secrets", "Ledger of"]) {
    expect(await alice.searches("Resource", typed)).toEqual([]);
  }
});

it("files what was found and chosen", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  expect(await choosesResource(slack, alice, "Ledger 149")).toEqual(["Use it"]);
  expect(fieldOf(alice, "Resource").value).toBe("Ledger 149");
  await fillsForm(slack, alice, { reason: "the last of many" });
  expect(await alice.submits()).toMatchObject({ closed: true });
  const message = await slack.until(() => slack.channel("#access-requests").messages()[0], "the message");
  expect(message.visibleText).toContain("db-149:use");
  await opensForm(slack, alice);
});

it("searches more roles than Slack shows, those of the resource chosen last", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await choosesResource(slack, alice, "Ledger 000");
  await choosesResource(slack, alice, "The archive");
  expect(fieldOf(alice, "Role")).toMatchObject({ kind: "external_select", value: undefined });
  expect(await alice.searches("Role", "Volume 12")).toHaveLength(10);
  expect(await alice.searches("Role", "PART-129")).toEqual(["Volume 129"]);
  expect(await alice.searches("Role", "Use it")).toEqual([]);
  expect(await alice.searches("Role", "")).toHaveLength(100);

  await fillsForm(slack, alice, { role: "Volume 129", reason: "the last role" });
  expect(await alice.submits()).toMatchObject({ closed: true });
  const message = await slack.until(
    () =>
      slack
        .channel("#access-requests")
        .messages()
        .find(({ visibleText }) => visibleText.includes("the last role")),
    "the message",
  );
  expect(message.visibleText).toContain("archive:part-129");
  await opensForm(slack, alice);
});
