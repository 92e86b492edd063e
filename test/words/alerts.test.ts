import type { AuditEvent, EventData } from "../../src/domain/audit-event.ts";
import { toAlerts } from "../../src/words/event-words.ts";
import { t0 } from "../support/build.ts";

const by = { at: t0, actor: { kind: "hallpass" } } as const;

function joined(more: Partial<EventData<"person.joined">> = {}): AuditEvent {
  const data = { person: 5, other: 6, address: "gus@example.com", requests: [], via: "profile", ...more };
  return { ...by, type: "person.joined", data };
}

test("who is told that two people are one is told how to see and to undo it", () => {
  expect(toAlerts(joined())).toBe(
    "👥 Person 5 and person 6 are the same person from now on, as both go by gus@example.com. If they are two people, run " +
      "`hallpass people show 5`, then `hallpass people split 5` with the accounts and addresses of one of them.",
  );
});

test("requests that one of them decided about the other are listed, and the twenty-first on counted", () => {
  const requests = Array.from({ length: 22 }, (_, index) => `AR-${index + 1}`);
  expect(toAlerts(joined({ requests: requests.slice(0, 2) }))).toContain("look at AR-1, AR-2.");
  expect(toAlerts(joined({ requests }))).toContain("AR-19, AR-20 and 2 more.");
});

test("faults of a policy that was refused are listed, and the eleventh on counted", () => {
  const refused = (count: number): AuditEvent => {
    const faults = Array.from({ length: count }, (_, index) => `fault ${index + 1}`);
    return { ...by, type: "policy.refused", data: { inForce: "0123456789abcdef", via: "watch", faults } };
  };
  const head = "The policy on disk is not valid and was not loaded; 0123456789ab stays in force:";
  expect(toAlerts(refused(1))).toBe(`${head}\nfault 1`);
  expect(toAlerts(refused(12))?.split("\n").slice(-2)).toEqual(["fault 10", "... and 2 more"]);
});
