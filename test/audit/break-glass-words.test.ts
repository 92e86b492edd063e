import { consentOf } from "../../src/audit/questions/consent.ts";
import { eventText } from "../../src/words/event-words.ts";
import type { AuditEvent } from "../../src/domain/audit-event.ts";
import { requesterMessage, threadMessage } from "../../src/notify/event-message.ts";
import type { Message } from "../../src/notify/message.ts";
import { slackMessage } from "../../src/slack/views/message.ts";
import { alice, buildRequest } from "../support/build.ts";

const slackText = (message: Message | undefined): string | undefined => message && slackMessage(message).text;

const at = new Date("2026-03-01T09:00:00Z");
const actor = { kind: "person", email: alice.email } as const;
const used: AuditEvent = {
  type: "break_glass.used",
  at,
  actor,
  data: { reviewers: ["dana@example.com"], reviewBy: "2026-03-02T09:00:00.000Z" },
};
/** As older versions logged it beside the above. */
const selfApproved: AuditEvent = { type: "request.approved", at, actor, data: { approvers: [] } };

test("what an older version logged as the taker's own approval is told as taken, wherever it is told", () => {
  const request = buildRequest({ requester: alice });
  const texts = [
    eventText(selfApproved),
    slackText(threadMessage(selfApproved)),
    slackText(requesterMessage(selfApproved, request)),
  ];
  for (const text of texts) {
    expect(text?.toLowerCase()).toContain("taken");
    expect(text).not.toMatch(/approved/i);
  }
});

test("whether it was logged so or not, it is consented to by break-glass", () => {
  const logged = (event: AuditEvent, seq: number) => ({ ...event, seq, event });
  expect(consentOf([logged(used, 1)])).toEqual({ by: "break_glass" });
  expect(consentOf([logged(used, 1), logged(selfApproved, 2)])).toEqual({ by: "break_glass" });
});
