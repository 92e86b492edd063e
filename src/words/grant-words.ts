import { nameOf, whose } from "./people.ts";
import { code } from "./piece.ts";
import { revokedWords } from "./revocation-words.ts";
import type { FamilyWords } from "./told.ts";
import { whyEnded } from "./why-ended.ts";

/** What becomes of access that was granted; `revokedWords` say how it ended. */
export const grantWords = {
  "grant.started": {
    record: ({ data }) => `granting to ${whose(data)} began`,
  },
  "grant.active": {
    record: ({ data }) =>
      `granted to ${whose(data)} from ${data.activeAt} until ${data.expiresAt}${heldBefore(data)}`,
    thread: ({ data }) => ({
      line: [
        "🔓 Granted to ",
        code(data.subject),
        ` in ${data.provider} until `,
        new Date(data.expiresAt),
        data.standing === true ? ". They held it before, so it stays when this ends." : ".",
      ],
    }),
    requester: ({ data }) => ({
      line: [
        "you have access as ",
        code(data.subject),
        " until ",
        new Date(data.expiresAt),
        data.use === undefined ? "." : ". To use it:",
      ],
      said: data.use,
    }),
  },
  "grant.extended": {
    record: ({ data }) => `extended by ${data.by}: ${whose(data)} until ${data.expiresAt}`,
    thread: ({ data }) => ({
      line: [
        `⏳ Extended by ${data.by}: `,
        code(data.subject),
        ` in ${data.provider} until `,
        new Date(data.expiresAt),
        ".",
      ],
    }),
    requester: ({ data }) => ({
      line: ["your access lasts longer, until ", new Date(data.expiresAt), "."],
    }),
  },
  "grant.handover_shown": {
    record: ({ actor, data }) =>
      `${nameOf(actor)} saw what was handed over with the access (${data.handover}); it is kept nowhere any more`,
    thread: ({ data }) => ({ line: [`👁️ ${data.handover}: shown to the person who asked, once.`] }),
    requester: ({ data }) => ({
      line: [
        `you have seen what your access came with (${data.handover}). If that was not you, give the access back and tell an admin.`,
      ],
    }),
  },
  "grant.handed_over": {
    record: ({ data }) =>
      data.handover === undefined
        ? `what was handed over to ${whose(data)} may not work any more, because of ${data.because}`
        : `${data.handover} was handed over to ${whose(data)} anew, because of ${data.because}`,
    requester: ({ data }) => ({
      line: [
        data.handover === undefined
          ? `what your access came with may not work any more, because of ${data.because}. Where it does not, give the access back and ask again.`
          : `what your access came with before does not work any more, because of ${data.because}.`,
      ],
    }),
  },
  "grant.failed": {
    record: ({ data }) =>
      `granting to ${whose(data)} failed${data.neverAsked === true ? " before it was asked for" : "; what may have half happened is taken away"}: ${data.error}`,
    thread: ({ data }) => ({
      line: [
        data.neverAsked === true
          ? `⚠️ The grant failed before ${data.provider} was asked for it, so nothing was given:`
          : `⚠️ The grant failed in ${data.provider}. If any of it happened, it is being taken away:`,
      ],
      said: data.error,
    }),
    requester: ({ data }) => ({ line: ["the access could not be granted:"], said: data.error }),
  },
  "grant.unsettled": {
    record: ({ data }) =>
      `whether ${whose(data)} has the access is not known yet${data.pending === true ? ", for it is still being made" : ""}: ${data.error}`,
    thread: ({ data }) => ({
      line:
        data.pending === true
          ? [`⏳ ${data.provider} is still making the access of `, code(data.subject), ":"]
          : [
              "⏳ Hallpass was interrupted while it asked for the access of ",
              code(data.subject),
              `, and ${data.provider} cannot be read: whether the access exists is not known. It is asked until it answers, or the time is over:`,
            ],
      said: data.error,
    }),
    requester: ({ data }) => ({
      line: [
        data.pending === true
          ? "it is still being made:"
          : "it is not known yet whether the access was granted; you are told when it is:",
      ],
      said: data.error,
    }),
  },
  "grant.restored": {
    record: ({ data }) => `the end of ${data.endOf} had taken it away too; given again to ${whose(data)}`,
    thread: ({ data }) => ({
      line: [
        `🔓 The end of ${data.endOf} had taken this access of `,
        code(data.subject),
        ` in ${data.provider} away too; it was given again.`,
      ],
    }),
    requester: ({ data }) => ({
      line: [`the end of ${data.endOf} had taken your access away too; you have it again. Connect anew.`],
    }),
  },
  "grant.landed_late": {
    record: ({ data }) => `granted to ${whose(data)} after it had been told to end; it is taken away again`,
  },
  "grant.reappeared": {
    record: ({ data }) =>
      `${data.access} of ${whose(data)} had ended and is there again, without a new approval; it is taken away again`,
    thread: ({ data }) => ({
      line: [
        "🚨 The access of ",
        code(data.subject),
        ` in ${data.provider} (`,
        code(data.access),
        ") had ended and was verified gone, and is there again without a new approval. It is being taken away.",
      ],
    }),
    requester: ({ data }) => ({
      line: [
        "your access as ",
        code(data.subject),
        ` in ${data.provider} had ended and is there again without a new approval. It is being taken away; where you still need it, ask again.`,
      ],
    }),
  },
  "grant.vanished": {
    record: ({ data }) =>
      `${data.access} of ${whose(data)} is gone before its end, and not because of Hallpass`,
    thread: ({ data }) => ({
      line: [
        "🕳️ The access of ",
        code(data.subject),
        ` in ${data.provider} (`,
        code(data.access),
        ") is gone before its end: somebody took it away outside Hallpass. It is not given again by itself; it can be asked for again.",
      ],
    }),
    requester: ({ data }) => ({
      line: [
        "your access as ",
        code(data.subject),
        ` in ${data.provider} is gone before its end: somebody took it away outside Hallpass. It is not given again by itself. Where you still need it, ask again: `,
        code(`/request-access ${data.access.replace(":", " ")}`),
      ],
    }),
  },
  "grant.came_back": {
    record: ({ data }) => `${data.access} of ${whose(data)} had vanished and is there again`,
  },
  "grant.revoking": {
    record: ({ actor, data }) =>
      `${whose(data)} is to end: ${whyEnded(data.reason)}${actor.kind === "person" ? `, by ${nameOf(actor)}` : ""}`,
  },
  "grant.revoked": revokedWords,
} satisfies FamilyWords<"grant">;

/** Says so if the person held the access before it was granted; else empty. */
export function heldBefore({ standing }: { readonly standing?: boolean | undefined }): string {
  return standing === true ? "; they held it before" : "";
}
