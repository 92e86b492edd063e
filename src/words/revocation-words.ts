import type { EventData } from "../domain/audit-event.ts";
import { formatDuration } from "../domain/duration.ts";
import { whose } from "./people.ts";
import { code } from "./piece.ts";
import type { EventWords, FamilyWords, Told } from "./told.ts";
import { whyEnded } from "./why-ended.ts";

/** Access that should have ended and has not. */
export const revocationWords = {
  "revocation.failed": {
    record: ({ data }) => `taking it from ${whose(data)} failed, attempt ${data.attempt}: ${data.error}`,
    thread: ({ data }) => ({
      line: [
        "🚨 The access of ",
        code(data.subject),
        ` in ${data.provider} should have ended and could not be taken away (attempt ${data.attempt}). ${prospects(data.retryable)}`,
      ],
      said: data.error,
    }),
  },
  "revocation.overdue": {
    record: ({ data }) =>
      `${data.access} of ${whose(data)} should have been gone since ${data.since} and is not proven gone`,
    thread: ({ data }) => ({
      line: [
        `🚨 Overdue by ${formatDuration(wholeMinutes(data.lateSeconds))}: `,
        code(data.subject),
        " may still have ",
        code(data.access),
        ` in ${data.provider}. It should have ended `,
        new Date(data.since),
        ` and is not proven gone. ${tried(data)}`,
      ],
      said: data.error,
    }),
  },
} satisfies FamilyWords<"revocation">;

/** How access ended: in each text, what explains it first comes first. */
export const revokedWords: EventWords<"grant.revoked"> = {
  record: ({ data }) =>
    `ended for ${whose(data)}: ${whyEnded(data.reason)}, ${proof(data)}${late(data.lateSeconds)}`,
  thread: ({ data }) => endedInThread(data),
  requester: ({ data }) => {
    const ended = `this grant ended (${whyEnded(data.reason)})`;
    if (data.neverAsked === true) return { line: ["nothing was granted, so nothing was taken away."] };
    if (data.keptBy !== undefined) return { line: [`${ended}; you keep the access by ${data.keptBy}.`] };
    if (data.standing === true) return { line: [`${ended}; you keep what you held before.`] };
    if (data.others !== undefined)
      return {
        line: [`${ended}; you still have the same, or may take it, through what others gave:`],
        said: data.others,
      };
    if (data.reason === "failed") return { line: ["verified: no access is left behind."] };
    return { line: [`your access ended (${whyEnded(data.reason)}) and is verified gone.`] };
  },
};

function endedInThread(data: EventData<"grant.revoked">): Told {
  const { subject, provider, keptBy, others, outlives } = data;
  const why = whyEnded(data.reason);
  const delay = lateInThread(data.lateSeconds);
  // What they made with the access, and that outlives it.
  const made = outlives === undefined ? undefined : `${subject} ${outlives}`;
  if (data.neverAsked === true)
    return {
      line: [
        `🔒 ${provider} was never asked for this access of `,
        code(subject),
        ", so there was nothing to take away.",
      ],
    };
  if (keptBy !== undefined)
    return { line: [`🔒 This grant ended (${why}); the same access is kept by ${keptBy}.${delay}`] };
  if (data.standing === true)
    return {
      line: [
        `🔒 This grant ended (${why}); `,
        code(subject),
        ` held the access in ${provider} before, and keeps it.${delay}`,
      ],
    };
  if (others !== undefined)
    return {
      line: [
        `🔒 What was granted here is gone (${why}), but `,
        code(subject),
        ` still has the same in ${provider}, or may take it, through what others gave. Hallpass leaves that alone:${delay}`,
      ],
      said: [others, made].filter((part) => part !== undefined).join("\n"),
    };
  if (data.reason === "failed")
    return {
      line: ["🔒 Verified: no access of ", code(subject), ` is left in ${provider}.${delay}`],
      said: made,
    };
  return {
    line: [
      "🔒 Revoked and verified: ",
      code(subject),
      ` no longer has this access in ${provider} (${why}).${delay}${made === undefined ? "" : " What they made with it is still there:"}`,
    ],
    said: made,
  };
}

type Ended = Pick<EventData<"grant.revoked">, "verified" | "keptBy" | "standing" | "others" | "neverAsked">;

/** Whether the access is proven gone, and if not, why. */
export function proof({ verified, keptBy, standing, others, neverAsked }: Ended): string {
  if (neverAsked === true) return "never asked for, so there was nothing to take away";
  if (keptBy !== undefined) return `the same access is kept by ${keptBy}`;
  if (standing === true) return "left in place, for they held it before";
  if (others !== undefined)
    return `what was given here is gone; they have the same still, or may take it: ${others}`;
  return verified ? "proven gone" : "NOT proven gone";
}

/** How much later than due it ended; empty if it was in time. */
export function late(seconds: number | undefined): string {
  return seconds === undefined ? "" : `, ${formatDuration(seconds)} late`;
}

function lateInThread(seconds: number | undefined): string {
  return seconds === undefined ? "" : ` Gone now, ${formatDuration(wholeMinutes(seconds))} late.`;
}

/** What came of taking it away so far, to be followed by the provider's own words. */
function tried({ error, attempts, retryable }: EventData<"revocation.overdue">): string {
  if (error === undefined)
    return "Nothing has tried to take it away yet, so check whether Hallpass itself is stuck.";
  return `Tried ${attempts === 1 ? "once" : `${attempts} times`}. ${prospects(retryable)}`;
}

/** The outlook for further attempts, to be followed by the provider's own words. */
function prospects(retryable: boolean | undefined): string {
  return retryable === false
    ? "It will not work without somebody's help, and is tried again all the same:"
    : "It is tried again until it is gone:";
}

function wholeMinutes(seconds: number): number {
  return Math.floor(seconds / 60) * 60;
}
