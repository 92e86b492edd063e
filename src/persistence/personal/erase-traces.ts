import { z } from "zod";
import { eventData } from "../../domain/audit-event.ts";
import { mapStrings } from "../../domain/personal-fields.ts";
import { PersonalDecision, PlannedGrant, Terms } from "../../domain/request/request.ts";

/** An erased person's addresses and accounts, and the `name` that replaces them. */
export type Erased = {
  readonly emails: readonly string[];
  readonly accounts: readonly string[];
  readonly name: string;
};

/** Removes one person from the values in the operational tables. */
export type TraceEraser = {
  readonly isThem: (email: string | null | undefined) => boolean;
  /** Replaces their addresses and accounts anywhere in a text. */
  readonly text: (text: string) => string;
  readonly anything: (value: unknown) => unknown;
  /** `isOwn`: the request is theirs, so what others wrote there is about them. */
  readonly terms: (value: unknown, isOwn: boolean) => unknown;
  readonly planned: (value: unknown, isOwn: boolean) => unknown;
  readonly decisions: (value: unknown, isOwn: boolean) => unknown;
  /** The payload of an effect. */
  readonly payload: (value: unknown, isOwn: boolean) => unknown;
};

/** Creates the eraser for one person. */
export function createTraceEraser({ emails, accounts, name }: Erased): TraceEraser {
  const addresses = emails.map(
    (email) => new RegExp(`(?<![A-Za-z0-9._%+-])${escapeRegExp(email)}(?![A-Za-z0-9-]|\\.[A-Za-z0-9])`, "gi"),
  );
  const ids = accounts.map((id) => new RegExp(`\\b${escapeRegExp(id)}\\b`, "g"));
  const emailSet = new Set(emails.map((email) => email.toLowerCase()));
  const isThem = (email: string | null | undefined): boolean =>
    typeof email === "string" && emailSet.has(email.toLowerCase());
  const text = (from: string): string =>
    [...addresses, ...ids].reduce((rest, pattern) => rest.replaceAll(pattern, () => name), from);

  function anything(value: unknown): unknown {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(anything);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, anything(each)]));
  }

  function event(stored: z.infer<typeof EffectEvent>, isOwn: boolean): unknown {
    const { actor } = stored;
    const account = actor.account ?? actor.slackId;
    const byThem = isThem(actor.email) || (account !== undefined && accounts.includes(account));
    const schema = Object.entries(eventData).find(([type]) => type === stored.type)?.[1];
    const data = mapStrings(schema, stored.data, (said, saying) => {
      const isTheirs =
        (saying === "name" && byThem) ||
        (saying === "subject" && isOwn) ||
        (saying === "text" && (byThem || isOwn));
      return isTheirs ? name : text(said);
    });
    const who = byThem ? { kind: actor.kind, ...(actor.email === undefined ? {} : { email: name }) } : actor;
    return { ...stored, actor: who, data };
  }

  return {
    isThem,
    text,
    anything,
    terms(value, isOwn) {
      const { ip, refusal, ...terms } = Terms.parse(value);
      return {
        ...Object(anything(terms)),
        ...(refusal === undefined ? {} : { refusal: isOwn ? name : text(refusal) }),
        ...(ip === undefined || isOwn ? {} : { ip }),
      };
    },
    planned: (value, isOwn) =>
      z
        .array(PlannedGrant)
        .parse(value)
        .map(({ input, ...grant }) => {
          if (isOwn) return { ...grant, subject: name };
          if (!input) return grant;
          return { ...grant, input: input.map((each) => ({ ...each, value: text(each.value) })) };
        }),
    decisions: (value, isOwn) =>
      z
        .array(PersonalDecision)
        .parse(value)
        .map(({ account, reason, ...decision }) => {
          const byThem = isThem(decision.email);
          return {
            ...decision,
            ...(byThem ? { email: name, name } : {}),
            ...(account === undefined || byThem ? {} : { account }),
            ...(reason === undefined ? {} : { reason: byThem || isOwn ? name : text(reason) }),
          };
        }),
    payload(value, isOwn) {
      const parsed = Payload.parse(value);
      return parsed.event ? { ...parsed, event: event(parsed.event, isOwn) } : parsed;
    },
  };
}

const EffectEvent = z.looseObject({
  type: z.string(),
  actor: z.looseObject({
    kind: z.string(),
    email: z.string().optional(),
    account: z.string().optional(),
    /** What the account was called in what was carried out before accounts had that name. */
    slackId: z.string().optional(),
  }),
  data: z.unknown(),
});
const Payload = z.looseObject({ event: EffectEvent.optional() });

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
