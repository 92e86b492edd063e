import { z } from "zod";
import { formatDuration } from "../../domain/duration.ts";
import type { RuleTerms } from "../../domain/request/request.ts";
import { schemasOf } from "../../schemas-of.ts";
import { WrittenHours } from "../hours.ts";
import { WrittenIpRanges } from "../ip-range.ts";
import type { Rule } from "../policy.ts";
import { Approver, Notify, Principal } from "../principal.ts";
import { AccessEntry, Channel, Count, Duration, Message, Words } from "./words.ts";

/** A day: approvers in every time zone see the request during working hours, and none waits for ever. */
export const defaultTimeoutSeconds = 86_400;

/** Limits of a role or a rule; where both set one, the narrower applies. */
export const writtenLimits = {
  max_duration: Duration.optional().describe("Nobody may ask for longer."),
  default_duration: Duration.optional().describe("What the form offers."),
  max_active: Count.optional().describe("How many such grants a person may hold at a time."),
  cooldown: Duration.optional().describe("After such a grant has ended, a person waits this long."),
};
const WrittenLimits = z.object(writtenLimits);
export type WrittenLimits = z.infer<typeof WrittenLimits>;

/** What there is to know of a key of a rule besides what is written under it. */
type About<Value> = {
  /** The decisions it goes with; all of them unless told. */
  readonly goesWith?: readonly Rule["decision"][];
  /** The key whose duration it may not exceed; `part`: where its own duration is. */
  readonly atMost?: { readonly key: "max_duration" | "timeout"; readonly part?: readonly string[] };
  /** What a request keeps of it as it stands. */
  readonly terms?: (written: Value | undefined) => RuleTerms;
  /** How that is said: a phrase for `policy diff` and `policy explain`. */
  readonly words?: (terms: RuleTerms) => string | undefined;
  /** How `policy explain` says it where a phrase among others will not do. */
  readonly sentence?: (terms: RuleTerms) => string | undefined;
};

function ruleKey<Schema extends z.ZodType>(
  schema: Schema,
  facts: About<z.output<Schema>> = {},
): About<z.output<Schema>> & { readonly schema: Schema } {
  return { ...facts, schema };
}

const giving = ["allow", "review"] as const;
const reviewing = ["review"] as const;

const matches = z
  .string()
  .describe("A regular expression (RE2) that must be found in it: tie it to the ends with ^ and $.");
const toldElse = Message.optional().describe("What the person is told where it is not so.");

/**
 * The keys of a rule, in the order in which they are listed. Those that say which requests a rule is about, whom it asks or what it
 * requires have a meaning of their own: resolve.ts reads them into fields of the rule, and decide/ acts on those. `max_duration`,
 * `channel` and `message` are worded where the others are put together.
 */
export const ruleKeys = {
  name: ruleKey(Words.describe("Told to people, and recorded with each decision.")),
  requesters: ruleKey(
    z
      .array(Principal)
      .min(1, { error: "expected at least one requester" })
      .describe("group:NAME, an e-mail address, or everyone."),
  ),
  access: ruleKey(
    z
      .array(AccessEntry)
      .min(1, { error: "expected at least one RESOURCE:ROLE" })
      .describe("RESOURCE:ROLE, either of them may be *."),
  ),
  when: ruleKey(
    z.string().optional().describe("A condition in CEL; where it does not hold, the rule does not match."),
  ),
  hours: ruleKey(WrittenHours.optional().describe("At other hours the rule does not match.")),
  from_ip: ruleKey(
    WrittenIpRanges.optional().describe(
      "Addresses or ranges such as 192.0.2.0/24; from others the rule does not match. Only requests by the API carry an address, and there is no API yet: so far such a rule never matches.",
    ),
  ),
  decision: ruleKey(
    z
      .enum(["allow", "review", "deny"])
      .describe("allow: at once; review: people approve; deny: no, and no later rule is asked."),
  ),
  message: ruleKey(Message.optional().describe("What the person is told."), {
    goesWith: ["deny"],
  }),
  requires: ruleKey(
    z
      .strictObject({
        reason: z
          .strictObject({
            min_length: Count.optional().describe("How many characters it has at least."),
            matches: matches.optional(),
            message: toldElse,
          })
          .optional()
          .describe("A reason is needed anyway; what more it has to be."),
        ticket: z
          .strictObject({ matches: matches.optional(), message: toldElse })
          .optional()
          .describe("There has to be a ticket; {} takes any."),
      })
      .optional()
      .describe("What the reason and the ticket have to say."),
    {
      goesWith: giving,
    },
  ),
  approvals: ruleKey(
    z
      .array(
        z.strictObject({
          from: z
            .array(Approver)
            .min(1, { error: "expected at least one approver" })
            .describe("Who may approve: group:NAME or e-mail addresses, never the person who asks."),
          count: Count.default(1).describe("How many of them have to."),
          notify: Notify.optional().describe(
            "Whom to ping: none, on-call (those of them who are) or group:NAME; unless told, everybody who may decide.",
          ),
        }),
      )
      .min(1, { error: "expected at least one step" })
      .max(10, { error: "expected at most 10 steps" })
      .optional()
      .describe("Steps, one after another; each person counts once."),
    {
      goesWith: reviewing,
    },
  ),
  channel: ruleKey(
    Channel.optional().describe("Where the request is posted: in the channel of the settings unless told."),
    { goesWith: giving },
  ),
  timeout: ruleKey(
    Duration.optional().describe("A request that is not decided in this time expires: 24h unless told."),
    {
      goesWith: reviewing,
    },
  ),
  remind_every: ruleKey(
    Duration.optional().describe("How often those whom the waiting step pings are asked again."),
    {
      goesWith: reviewing,
      atMost: { key: "timeout" },
      terms: (remindEverySeconds) => ({ remindEverySeconds }),
      words: ({ remindEverySeconds: seconds }) =>
        seconds === undefined ? undefined : `reminded every ${formatDuration(seconds)}`,
    },
  ),
  escalate: ruleKey(
    z
      .strictObject({
        after: Duration.describe("How long after it was made."),
        to: z
          .array(Approver)
          .min(1, { error: "expected at least one approver" })
          .describe("Who may decide then, beside those who may anyway."),
      })
      .optional()
      .describe(
        "A request that is not decided by then may be decided by more people, in every step, and they are told.",
      ),
    {
      goesWith: reviewing,
      atMost: { key: "timeout", part: ["after"] },
    },
  ),
  start_within: ruleKey(
    Duration.optional().describe(
      "Approved access does not begin by itself: the person starts it within this time, or it lapses. The duration counts from then.",
    ),
    {
      goesWith: reviewing,
      terms: (startWithinSeconds) => ({ startWithinSeconds }),
      words: ({ startWithinSeconds: seconds }) =>
        seconds === undefined ? undefined : `to be started within ${formatDuration(seconds)}`,
      sentence: ({ startWithinSeconds: seconds }) =>
        seconds === undefined
          ? undefined
          : `Once approved, it has to be started within ${formatDuration(seconds)}.`,
    },
  ),
  max_duration: ruleKey(writtenLimits.max_duration, { goesWith: giving }),
  default_duration: ruleKey(writtenLimits.default_duration, {
    goesWith: giving,
    atMost: { key: "max_duration" },
  }),
  max_active: ruleKey(writtenLimits.max_active, { goesWith: giving }),
  cooldown: ruleKey(writtenLimits.cooldown, { goesWith: giving }),
  extend: ruleKey(
    z
      .strictObject({
        times: Count.describe("How often."),
        by: Duration.describe("How much longer each time."),
      })
      .optional()
      .describe("How often a grant may be extended, and by how much."),
    {
      goesWith: giving,
      terms: (written) => ({ extend: written && { times: written.times, bySeconds: written.by } }),
      words: ({ extend }) =>
        extend &&
        `extended at most ${extend.times === 1 ? "once" : `${extend.times} times`} by ${formatDuration(extend.bySeconds)}`,
    },
  ),
  revoke_on_idle: ruleKey(
    Duration.optional().describe(
      "Access that is not used for this long ends. It is looked for twice in that time, at least each minute.",
    ),
    {
      goesWith: giving,
      atMost: { key: "max_duration" },
      terms: (revokeOnIdleSeconds) => ({ revokeOnIdleSeconds }),
      words: ({ revokeOnIdleSeconds: seconds }) =>
        seconds === undefined ? undefined : `ends when not used for ${formatDuration(seconds)}`,
    },
  ),
  break_glass: ruleKey(
    z
      .strictObject({
        by: z.array(Principal).min(1, { error: "expected at least one person" }).describe("Who may take it."),
        review_by: z
          .array(Approver)
          .min(1, { error: "expected at least one reviewer" })
          .describe("Who looks at it afterwards, never the person who took it."),
        within: Duration.describe("How long they have."),
      })
      .optional()
      .describe(
        "Who may take the access at once, without approval, who reviews that afterwards, and by when.",
      ),
    {
      goesWith: reviewing,
    },
  ),
};

export type RuleKey = keyof typeof ruleKeys;

/** An entry of `rules:`; rule-check.ts checks what the schema of one key cannot. */
export const WrittenRule = z.strictObject(schemasOf(ruleKeys));
export type WrittenRule = z.infer<typeof WrittenRule>;

type Values = { readonly [Key in RuleKey]: z.output<(typeof ruleKeys)[Key]["schema"]> };
const about: { readonly [Key in RuleKey]: About<Values[Key]> } = ruleKeys;
const keys = WrittenRule.keyof().options;

/** The decisions that a key goes with; keys that go with any are not among them. */
export const goesWith = keys.flatMap((key) => {
  const { goesWith: decisions } = about[key];
  return decisions ? [{ key, decisions }] : [];
});

/** Durations, by their path, and the key whose duration they may not exceed. */
export const bounded = keys.flatMap((key) => {
  const { atMost } = about[key];
  return atMost ? [{ path: [key, ...(atMost.part ?? [])], bound: atMost.key }] : [];
});

/** The keys that go with `allow` and `review`. */
export const givingKeys = keys.filter((key) => about[key].goesWith?.includes("allow"));

/** The keys that go with `review` only. */
export const reviewKeys = keys.filter((key) => about[key].goesWith === reviewing);

/** What the requests of a rule keep of these keys as they stand. */
export function termsOf(rule: WrittenRule, of: readonly RuleKey[]): RuleTerms {
  return of.reduce((terms, key) => ({ ...terms, ...readTerms(key, rule) }), {});
}

function readTerms<Key extends RuleKey>(key: Key, rule: Partial<Pick<Values, Key>>): RuleTerms | undefined {
  return about[key].terms?.(rule[key]);
}

/** What terms say by these keys, for `policy diff`: a phrase each. */
export function wordTerms(of: readonly RuleKey[], terms: RuleTerms): readonly string[] {
  return of.flatMap((key) => about[key].words?.(terms) ?? []);
}

/** What terms say by these keys, for `policy explain`. */
export function explainTerms(
  of: readonly RuleKey[],
  terms: RuleTerms,
): { readonly phrases: readonly string[]; readonly sentences: readonly string[] } {
  return {
    phrases: wordTerms(
      of.filter((key) => !about[key].sentence),
      terms,
    ),
    sentences: of.flatMap((key) => about[key].sentence?.(terms) ?? []),
  };
}
