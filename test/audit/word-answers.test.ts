import { wordWho } from "../../src/audit/questions/word-answers.ts";

const at = (day: number): Date => new Date(Date.UTC(2026, 2, day, 9));
const holding = {
  request: "AR-1042",
  person: "alice@example.com",
  access: "orders-db:write",
  provider: "orders-postgres",
  subject: "alice",
  rule: "writing takes a lead",
  policyVersion: "1a2b3c4d",
  consent: { by: "rule" },
  extensions: [],
  grantId: "01970000-0000-7000-8000-00000000000a",
  certainty: "held",
} as const;

it("does not say that access lasts until a time that was over before it was there again", () => {
  const words = (from: Date) =>
    wordWho({ kind: "holder", holder: { ...holding, mayFrom: from, from, expiresAt: at(4) } })[1];
  expect(words(at(3))).toBe("from 2026-03-03T09:00:00Z, still, until 2026-03-04T09:00:00Z");
  expect(words(at(7))).toBe("from 2026-03-07T09:00:00Z, still, though it was to end at 2026-03-04T09:00:00Z");
});
