import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../src/", import.meta.url);

/** Code that compares the texts of addresses or accounts, by whatever sign. */
const comparisons = [
  /(?<!surfaceOf\((?=account\) ===))\b(?:email|account|slackId)\b\)?\s*(?:===|!==)(?!\s*(?:undefined|""))/,
  /(?:===|!==)\s*[\w.]*\.(?:email|account|slackId)\b/,
  /\.(?:includes|has|indexOf)\([\w.]*\b(?:email|account|slackId)\b/,
  /\b(?:requester_email|actor_email|requester_account|actor_slack_id|locked_by)\)?\s*(?:=|<>|in\b|like\b|is distinct)/,
  /=\s*(?:any \()?\w*\.?(?:requester_email|actor_email)\b/,
];

/** Where that is right, and why. */
const allowed: Readonly<Record<string, string>> = {
  "domain/person.ts": "the one place: who is the same, and whom a list names",
  "policy/people.ts": "whom a policy's principals name, by the address somebody shows",
  "audit/export/query.ts": "events from before people had numbers have nothing else",
  "audit/questions/known-names.ts": "events from before people had numbers have nothing else",
  "audit/questions/what-did.ts": "events from before people had numbers have nothing else",
  "audit/report/queries.ts": "events from before people had numbers have nothing else",
  "persistence/personal/forget.ts":
    "whatever mentions somebody is found by its text to be erased, and written over",
  "persistence/personal/erase-traces.ts": "whatever mentions somebody is found by its text to be erased",
  "persistence/requests/live-requests.ts":
    "what an account has filed ends with that account, whoever goes by it",
  "notify/send-card.ts": "whom a message pings, by name; nobody's authority",
  "slack/listeners/lockdown-target.ts": "whether a typed address is one that the policy has",
};

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.startsWith("generated"),
);

const found = files.flatMap((name) =>
  readFileSync(new URL(name, root), "utf8")
    .split("\n")
    .flatMap((line, index) =>
      comparisons.some((pattern) => pattern.test(line))
        ? [{ name, line: `${index + 1}: ${line.trim()}` }]
        : [],
    ),
);

it("nobody is told by the text of an address or account but where people are told apart", () => {
  expect(found.filter(({ name }) => !Object.hasOwn(allowed, name))).toEqual([]);
});

it("each exception is one", () => {
  const used = new Set(found.map(({ name }) => name));
  expect(Object.keys(allowed).filter((name) => !used.has(name))).toEqual([]);
});
