import { type AuditEvent, type EventData, isTaking } from "../domain/audit-event.ts";
import { formatDuration } from "../domain/duration.ts";
import { onOneLine, shorten } from "../domain/text.ts";
import { takenAtOnce } from "./break-glass-words.ts";
import { mention, nameList, nameOf } from "./people.ts";
import type { Piece } from "./piece.ts";
import type { FamilyWords } from "./told.ts";
import { whyEnded } from "./why-ended.ts";

/** What becomes of a request, and of messages about it. */
export const requestWords = {
  "request.created": {
    record: ({ actor, data }) => `${nameOf(actor)} asked for ${asked(data)}`,
    requester: (_, { durationSeconds, ticket }) => ({
      line: [
        `you asked for ${formatDuration(durationSeconds)}. It waits for approval; you are told here what happens.`,
        ...(ticket === undefined ? [] : [` Ticket: ${shorten(onOneLine(ticket), 100)}.`]),
      ],
    }),
  },
  "request.refused": {
    record: ({ actor, data }) => `${nameOf(actor)} asked for ${asked(data)}; it was refused: ${data.why}`,
    thread: ({ data }) => ({
      line: ["🚨 Refused, and the policy's owner can fix this:"],
      said: data.why,
    }),
  },
  "request.already_held": {
    record: ({ data }) => `the person has it already, by a right of their own: ${nameList(data.access)}`,
  },
  "request.flagged": {
    record: ({ data }) => `unusual about the request: ${nameList(data.flags.map(({ why }) => why))}`,
  },
  "request.approved": {
    record: approvedOnRecord,
    thread: (event) => ({ line: approvedInThread(event) }),
    requester: (event, { durationSeconds }) => {
      const { extends: extended, startBy } = event.data;
      if (isTaking(event)) return { line: [takenAtOnce] };
      if (extended !== undefined) return { line: [`approved. ${extended} lasts longer.`] };
      if (startBy === undefined) return { line: ["approved. The access is being granted."] };
      return {
        line: [
          "approved. Start it when you need it, until ",
          new Date(startBy),
          `; it then lasts ${formatDuration(durationSeconds)}.`,
        ],
      };
    },
  },
  "request.denied": {
    record: ({ actor, data }) => `denied by ${nameOf(actor)}: ${data.reason}${under(data.policyVersion)}`,
    thread: ({ actor, data }) => ({ line: ["⛔ Denied by ", mention(actor), ":"], said: data.reason }),
    requester: ({ actor, data }) => ({ line: ["denied by ", mention(actor), ":"], said: data.reason }),
  },
  "request.cancelled": {
    record: ({ actor, data }) =>
      data.reason === undefined
        ? `cancelled by ${nameOf(actor)}`
        : `closed by ${nameOf(actor)}: ${whyEnded(data.reason)}${changed(data.changes)}`,
    thread: ({ data }) => ({
      line: [
        data.reason === undefined
          ? "Cancelled by the person who asked."
          : `Closed: ${whyEnded(data.reason)}.`,
      ],
      said: changeLines(data.changes),
    }),
    requester: ({ data: { changes } }) =>
      changes
        ? { line: [`closed: ${whyEnded("policy_changed")}. You can ask again.`], said: changeLines(changes) }
        : { line: ["cancelled."] },
  },
  "request.expired": {
    record: ({ data }) => `nobody had decided by ${data.respondBy}; the request expired`,
    thread: () => ({ line: ["⌛ Nobody decided in time; the request expired. It can be asked again."] }),
    requester: () => ({ line: ["nobody decided in time; the request expired. You can ask again."] }),
  },
  "request.reminded": {
    record: ({ data }) => `still waiting; reminded: ${nameList(data.asks)}`,
    thread: () => ({ line: ["⏰ Still waiting for"] }),
  },
  "request.escalated": {
    record: ({ data }) => `still waiting; these may decide too from now on: ${nameList(data.asks)}`,
    thread: () => ({ line: ["⏫ Nobody has decided yet; these may now too:"] }),
  },
  "request.lapsed": {
    record: ({ data }) => `not started by ${data.startBy}; nothing was granted`,
    thread: () => ({
      line: ["⌛ Approved, but not started in time; nothing was granted. It can be asked again."],
    }),
    requester: () => ({ line: ["it was not started in time, so nothing was granted. You can ask again."] }),
  },
  "extension.failed": {
    record: ({ data }) => `${data.extends} could not be made to last longer: ${data.why}`,
    thread: ({ data }) => ({ line: [`⚠️ ${data.extends} could not be extended:`], said: data.why }),
    requester: ({ data }) => ({ line: [`${data.extends} could not be extended:`], said: data.why }),
  },
  "message.failed": {
    record: ({ data }) =>
      `a message (${data.kind}) could not be posted${data.channel === undefined ? "" : ` in ${data.channel}`}: ${data.error}`,
  },
} satisfies FamilyWords<"request" | "extension" | "message">;

/** Under which policy somebody decided, if not the one the request was filed under. */
export function under(policyVersion: string | undefined): string {
  return policyVersion === undefined ? "" : `, under policy ${policyVersion.slice(0, 8)}`;
}

type Asked = Pick<EventData<"request.created">, "durationSeconds" | "reason" | "ticket">;

function asked({ durationSeconds, reason, ticket }: Asked): string {
  return `${formatDuration(durationSeconds)}: ${reason}${ticket === undefined ? "" : ` (${ticket})`}`;
}

function approvedOnRecord(event: AuditEvent<"request.approved">): string {
  const { actor, data } = event;
  const by = nameOf(actor);
  if (isTaking(event)) return `taken at once by ${by}, by break-glass, without approval`;
  const approved = `approved ${actor.kind === "policy" ? "at once by the policy's rule" : `by ${by}`}`;
  if (data.extends !== undefined) return `${approved}: ${data.extends} lasts longer`;
  return data.startBy === undefined ? approved : `${approved}; to be started by ${data.startBy}`;
}

function approvedInThread(event: AuditEvent<"request.approved">): readonly Piece[] {
  const { actor, data } = event;
  const next = whatFollows(data);
  if (actor.kind === "policy") return ["✅ Approved by the policy at once.", ...next];
  if (isTaking(event)) return ["🚨 Taken at once by ", mention(actor), ".", ...next];
  return ["✅ Approved by ", mention(actor), ".", ...next];
}

function whatFollows({ startBy, extends: extended }: EventData<"request.approved">): readonly Piece[] {
  if (extended !== undefined) return [` ${extended} lasts longer.`];
  if (startBy === undefined) return [" The access is being granted."];
  return [" The person who asked starts it until ", new Date(startBy), "."];
}

type Changes = NonNullable<EventData<"request.cancelled">["changes"]>;

function changed(changes: Changes = []): string {
  return changes.map(({ access, shown, today }) => `; ${access} was ${shown} and is ${today}`).join("");
}

/** What was shown and what would be granted today instead, for each change. */
function changeLines(changes: Changes = []): string | undefined {
  const lines = changes.map(({ access, shown, today }) => `${access}\nshown: ${shown}\ntoday: ${today}`);
  return lines.length === 0 ? undefined : lines.join("\n");
}
