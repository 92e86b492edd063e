/** The workspace that Slack's stub, the load and both servers agree on. */
export const workspace = {
  signingSecret: "bench-signing-secret",
  botToken: "xoxb-bench",
  teamId: "T0BENCH",
  botUserId: "U0BENCHBOT",
  botId: "B0BENCH",
  channel: { id: "C0BENCH", name: "access-requests" },
} as const;

/** A person by number; number 0 approves. */
export type BenchPerson = { readonly id: string; readonly name: string; readonly email: string };

/** How many people ask for access, in turn. */
export const requesterCount = 50;

export function person(number: number): BenchPerson {
  const name = number === 0 ? "lead" : `engineer${number}`;
  return { id: `U0BENCH${number}`, name, email: `${name}@example.com` };
}

/** The person with this Slack id. */
export function personById(id: string): BenchPerson {
  return person(Number(id.slice("U0BENCH".length)));
}
