import { createMetrics } from "../../src/http/metrics.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { blocksOf, readPage } from "./markdown.ts";

const page = await readPage("drift.md");
const blocks = blocksOf(page);
const [policy, alert] = ["yaml", "text"].map(
  (kind) => blocks.find(({ language }) => language === kind)?.text ?? "",
);
const [, byHand = ""] = /`(GRANT [^`]+)`/u.exec(page) ?? [];

/** The page's names, as they are on the server of this test. */
function named({ names }: Pick<World["guarded"], "names">, text: string): string {
  const real = new Map([
    ["reports_read", names.read],
    ["orders_write", names.write],
    ["TO bob", `TO ${names.subject("bob")}`],
    ["• bob", `• ${names.subject("bob")}`],
    ["orders-postgres: alice", `orders-postgres: ${names.subject("alice")}`],
    ["orders-postgres: bob", `orders-postgres: ${names.subject("bob")}`],
  ]);
  return [...real].reduce((changed, [said, name]) => changed.replaceAll(said, name), text);
}

const withoutTime = (text: string): string =>
  text.replaceAll(/since .*?\. (?=[A-Z])/gu, "since then. ").trim();

test("what the page says somebody does by hand is found, told and done as it says", async () => {
  let world: World | undefined;
  try {
    world = await startWorld({
      policy: (names) => named({ names }, policy ?? ""),
    });
    const { guarded, slack } = world;
    await guarded.query(named(guarded, byHand));
    world.advance(10 * 60_000 + 1_000);
    const said = await slack.until(
      () => slack.channel("#access-alerts").messages()[0],
      "the alerts channel to be told",
    );
    expect(withoutTime(said.visibleText)).toBe(withoutTime(named(guarded, alert ?? "")));
    expect(await guarded.rolesOf("bob")).toEqual([guarded.names.read]);
  } finally {
    await world?.stop();
  }
});

test("the metrics have the names that are said", async () => {
  const metrics = createMetrics();
  metrics.driftSeen({ unknown: 1, reappeared: 0, vanished: 0 }, ["orders-postgres"]);
  const shown = await metrics.text();
  const said = [...page.matchAll(/`(hallpass_drift\w*)/gu)].map(([, name]) => name ?? "");
  expect(said).toHaveLength(2);
  expect(said.filter((name) => !shown.includes(`\n${name}{`))).toEqual([]);
  for (const kind of ["unknown", "reappeared", "vanished"]) {
    expect(page).toContain(kind);
    expect(shown).toContain(`hallpass_drift{kind="${kind}"}`);
  }
});
