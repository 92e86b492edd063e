import { heldBefore } from "../../words/grant-words.ts";
import { nameOf } from "../../words/people.ts";
import { late, proof } from "../../words/revocation-words.ts";
import { whyEnded } from "../../words/why-ended.ts";
import type { Held } from "./held-by-request.ts";
import type { LoggedEvent } from "./read-events.ts";
import { wordTime } from "./questions.ts";
import type { Deed, WhatAnswer } from "./what-did.ts";
import { accessOf, deedOf } from "./what-did.ts";
import type { Holder, WhoAnswer } from "./who-could.ts";
import { onTerminalLine } from "../../domain/text.ts";

/** Formats an answer to who could: who and through what, then from when to when, and who allowed it. */
export function wordWho(answer: WhoAnswer): readonly string[] {
  if (answer.kind === "unreadable")
    return [
      onTerminalLine(
        `Event ${answer.seq} of ${answer.request} is nothing this version could have written; what it says is missing here.`,
      ),
    ];
  const { holder } = answer;
  const perhaps = holder.certainty === "perhaps" ? ", perhaps" : "";
  const lines = [
    `${holder.person}${perhaps}: ${wordAccess(holder)}, by ${holder.request}`,
    wordHolding(holder),
    wordConsent(holder),
    ...holder.extensions.map(wordExtension),
  ];
  return lines.map(onTerminalLine);
}

/** From when to when, and how it ended. */
function wordHolding(held: Holder | Held): string {
  const { mayFrom, from, to, end, expiresAt } = held;
  const began = from
    ? `from ${wordTime(from)}${mayFrom < from ? ` (seen then, perhaps since ${wordTime(mayFrom)})` : ""}`
    : `perhaps from ${wordTime(mayFrom)}, never confirmed by the provider,`;
  const before = heldBefore(held);
  if (!to || !end) {
    // If it came back after its due end, it does not last until then.
    const was = expiresAt && expiresAt <= (from ?? mayFrom) ? "though it was to end at" : "until";
    return `${began}, still, ${expiresAt ? `${was} ${wordTime(expiresAt)}` : "with no end known"}${before}`;
  }
  return `${began} to ${wordTime(to)}: ${wordEnd(end)}${before}`;
}

function wordEnd(end: NonNullable<Held["end"]>): string {
  if (end.how === "vanished") return "seen to be gone by then, taken away outside Hallpass";
  const by = end.by ? ` by ${nameOf(end.by)}` : "";
  return `${whyEnded(end.reason)}${by}, ${proof(end)}${late(end.lateSeconds)}`;
}

function wordAccess({ access, bundle, subject, provider }: Held): string {
  return `${access}${bundle === undefined ? "" : ` (of ${bundle})`} as ${subject} in ${provider}`;
}

/** Who allowed it, under which rule of which policy. */
function wordConsent({ consent, ...under }: Held): string {
  switch (consent.by) {
    case "rule":
      return `allowed without approval, ${wordRule(under)}`;
    case "break_glass": {
      const { review } = consent;
      const reviewed = review ? `found ${review.verdict} by ${review.by}` : "not reviewed";
      return `taken by break-glass, ${reviewed}, ${wordRule(under)}`;
    }
    case "people": {
      const approvals = consent.approvals.map(({ by, policyVersion }) =>
        policyVersion === undefined ? by : `${by} (by policy ${policyVersion.slice(0, 8)})`,
      );
      return `approved by ${approvals.join(", ")}, ${wordRule(under)}`;
    }
    case "nobody":
      return `NO approval is on record, ${wordRule(under)}`;
  }
}

function wordRule({ rule, policyVersion }: Pick<Held, "rule" | "policyVersion">): string {
  return `${rule === undefined ? "no rule" : `rule “${rule}”`}, policy ${policyVersion?.slice(0, 8) ?? "unknown"}`;
}

function wordExtension({ request, byRule, approvers }: Held["extensions"][number]): string {
  if (byRule) return `extended by ${request}, allowed without approval`;
  return approvers.length === 0
    ? `extended by ${request}`
    : `extended by ${request}, approved by ${approvers.join(", ")}`;
}

/** Formats an answer to what a person did, with what became of a request below it. */
export function wordWhat(answer: WhatAnswer): readonly string[] {
  if (answer.kind === "did") return [onTerminalLine(wordDeed(answer))];
  const { request, access, deeds, held } = answer;
  return [
    `${request} ${access}, ${wordRule(answer)}`,
    ...deeds.map(({ at, text }) => `${wordTime(at)} ${text}`),
    ...held.map((each) => `had ${wordAccess(each)} ${wordHolding(each)}`),
  ].map(onTerminalLine);
}

function wordDeed({ at, text, request, access }: Deed): string {
  return `${wordTime(at)} ${request === undefined ? "" : `${request} `}${access === undefined ? "" : `${access}: `}${text}`;
}

/** An event's place in the chain, and what the chain does not prove of it. */
function wordPlace({ place, unproven = [] }: LoggedEvent): string {
  if (place === undefined) return "not sealed yet";
  const names = unproven.map((each) => (each === "people" ? "whom it names" : "the AR number"));
  return `place ${place}${names.length === 0 ? "" : `, not proven: ${names.join(" and ")}`}`;
}

/** Formats the life of a request: what was asked under which rule, then event by event with its place in the chain. */
export function wordLife([first, ...more]: readonly LoggedEvent[]): readonly string[] {
  if (!first) return [];
  const { request = "?", requester = "somebody unknown" } = first;
  const events = [first, ...more];
  const parts = new Map(
    events.flatMap(({ grantId, event }): (readonly [string, string])[] =>
      grantId !== undefined && event?.type === "grant.started" && event.data.access !== undefined
        ? [[grantId, event.data.access]]
        : [],
    ),
  );
  return [
    `${request}: ${accessOf(first)} for ${requester}, ${wordRule(first)}`,
    ...events.map((event) => {
      const { at, text } = deedOf(event);
      // If there are several parts, each event says which one it is about.
      const part = parts.size > 1 ? parts.get(event.grantId ?? "") : undefined;
      return `${wordTime(at)} ${part === undefined ? "" : `${part}: `}${text} [${wordPlace(event)}]`;
    }),
  ].map(onTerminalLine);
}
