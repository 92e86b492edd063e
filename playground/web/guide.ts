import type { GuideStep } from "../protocol.ts";
import type { Facts } from "../stage/questions.ts";

/** What the ticks are made from. */
export interface Story {
  readonly events: Awaited<ReturnType<Facts["events"]>>;
  readonly queriesThatWorked: number;
  readonly clockWasMoved: boolean;
}

const ALICE = "alice@example.com";
const DANA = "dana@example.com";
const ASK = "/request-access orders-db read 1h checking INC-7";
const QUERY = "select * from orders limit 5";
const EXPORT = "/access-audit export";

/** The guided first minute, ticked off from what really happened. It plays in one channel, where requests show. */
export function guideSteps(story: Story, channelId: string): readonly GuideStep[] {
  const has = (type: string, isActor: (email: string | null) => boolean): boolean =>
    story.events.some((event) => event.type === type && isActor(event.actorEmail));
  return [
    {
      id: "ask",
      text: `As Alice, type ${ASK}`,
      isDone: has("request.created", (email) => email === ALICE),
      as: "alice",
      offer: { kind: "command", channelId, text: ASK },
    },
    {
      id: "approve",
      text: "Switch to Bob and press Approve",
      // The actor of an approval by policy has no e-mail address.
      isDone: has("request.approved", (email) => email !== null && email !== ALICE),
      as: "bob",
      offer: { kind: "channel", channelId },
    },
    {
      id: "query",
      text: "As Alice, run the query",
      isDone: story.queriesThatWorked > 0,
      as: "alice",
      offer: { kind: "sql", text: QUERY },
    },
    {
      id: "expire",
      text: "Move the clock to the end of the access",
      isDone: story.clockWasMoved && has("grant.revoked", () => true),
      as: "alice",
      offer: { kind: "clock" },
    },
    {
      id: "audit",
      text: `As Dana, export the audit: ${EXPORT}`,
      isDone: has("audit.exported", (email) => email === DANA),
      as: "dana",
      offer: { kind: "command", channelId, text: EXPORT },
    },
  ];
}
