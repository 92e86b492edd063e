import fc from "fast-check";
import type { ProviderCall, ProviderFault } from "../support/provider-faults.ts";
import type { CrashPoint } from "./network.ts";
import {
  type Access,
  accesses,
  people,
  type PolicyName,
  policyNames,
  type Someone,
  vacantAddresses,
} from "./policy.ts";

export type Button = "Approve" | "Deny" | "End access" | "Extend" | "Cancel" | "Try now";

/** What somebody does, and everything else that can happen while it is on its way. */
export type Deed =
  | {
      readonly do: "ask";
      readonly who: Someone;
      readonly access: Access;
      readonly minutes: number;
      readonly isBreakGlass: boolean;
    }
  /** Presses a button under the message of a request, as it is now or was once. `times`: that often; `copies`: delivered so often. */
  | {
      readonly do: "click";
      readonly who: Someone | "requester";
      readonly request: number;
      readonly button: Button;
      readonly times: number;
      readonly copies: number;
    };

/** What becomes of an account. */
export type AccountChange =
  | { readonly shows: "a fresh address" | "their own address" | (typeof vacantAddresses)[number] }
  /** The address of a colleague, whose account keeps it or gets a fresh one before. */
  | { readonly showsThatOf: Someone; readonly losing: boolean }
  | { readonly is: "guest" | "member" | "deactivated" | "removed" | "back" | "of a sister workspace" };

/** Something about people or rules that changes while requests wait. */
export type Unrest =
  /** `isMissed`: Slack tells nobody. */
  | {
      readonly do: "account";
      readonly who: Someone;
      readonly change: AccountChange;
      readonly isMissed: boolean;
    }
  | { readonly do: "lock down" | "lift"; readonly by: "carol" | "dana"; readonly whom: Someone }
  | { readonly do: "policy"; readonly name: PolicyName };

const kindTroubles = ["down", "gone", "slow", "too many", "fails", "answer lost", "twice"] as const;
/** What Slack does on a bad day: answers that are none, done or not, a limit without a time, connections that end or never begin. */
const unkindTroubles = [
  "page for an answer",
  "half an answer",
  "turned down",
  "no time to wait",
  "renewal",
  "cut",
  "no hello",
] as const;

/** `unkind` mixes in what Slack does on a bad day. */
export type SlackMood = "kind" | "unkind";

export type SlackTrouble = (typeof kindTroubles)[number] | (typeof unkindTroubles)[number];

export type Step =
  | Deed
  /** Asks, and whoever has to approves. */
  | {
      readonly do: "get";
      readonly who: "alice" | "bob" | "erin";
      readonly access: Access;
      readonly minutes: number;
    }
  /** The same, and before some moment of it something changes about one of those who take part; then it is to last longer. */
  | {
      readonly do: "get despite";
      readonly who: "alice" | "bob" | "erin";
      readonly access: Access;
      readonly before: "the question" | "the last approval" | "the grant";
      readonly about: "who asks" | "the first approver" | "the last approver";
      readonly unrest: Unrest;
    }
  | Unrest
  | { readonly do: "unrest and"; readonly unrest: Unrest; readonly deed: Deed; readonly afterMs: number }
  | { readonly do: "review"; readonly who: Someone | "requester"; readonly request: number }
  | { readonly do: "both"; readonly one: Deed; readonly other: Deed; readonly afterMs: number }
  /** The other comes while the provider, which takes its time, is asked because of the one. */
  | {
      readonly do: "meanwhile";
      readonly fault: ProviderFault;
      readonly one: Deed;
      readonly other: Deed;
    }
  | { readonly do: "pass"; readonly minutes: number }
  /** Time passes and at the same moment somebody does something. */
  | { readonly do: "pass and"; readonly minutes: number; readonly deed: Deed; readonly afterMs: number }
  | {
      readonly do: "provider";
      readonly fault: ProviderFault;
      readonly calls: readonly ProviderCall[];
      readonly times: number;
    }
  | { readonly do: "provider down" }
  /** Another system answers where the provider leads. */
  | { readonly do: "another server" }
  /** An administrator takes away by hand what somebody has there. */
  | { readonly do: "by hand"; readonly from: "alice" | "bob" | "erin"; readonly access: Access }
  | { readonly do: "slack"; readonly trouble: SlackTrouble }
  | { readonly do: "leave"; readonly who: Someone }
  /** Dies while this goes on, is dead for so long, and is started again. */
  | { readonly do: "crash"; readonly during: Deed; readonly at: CrashPoint; readonly minutes: number }
  /** Dies while time passes: what was due comes due. */
  | {
      readonly do: "crash later";
      readonly at: CrashPoint;
      readonly minutes: number;
      readonly deadMinutes: number;
    }
  | { readonly do: "heal" };

const minutes = fc.constantFrom(10, 30, 60);
const ask: fc.Arbitrary<Deed> = fc.record({
  do: fc.constant("ask" as const),
  who: fc.oneof(
    { arbitrary: fc.constantFrom<Someone>("alice", "alice", "bob", "erin"), weight: 8 },
    { arbitrary: fc.constantFrom(...people), weight: 1 },
  ),
  access: fc.constantFrom(...accesses, "tool read" as const, "tool copy" as const),
  minutes,
  isBreakGlass: fc.boolean(),
});
const click = (
  buttons: readonly Button[],
  mostly: readonly (Someone | "requester")[] = ["alice", "bob", "bob", "carol", "carol", "dana"],
): fc.Arbitrary<Deed> =>
  fc.record({
    do: fc.constant("click" as const),
    who: fc.oneof(
      { arbitrary: fc.constantFrom(...mostly), weight: 6 },
      { arbitrary: fc.constantFrom(...people), weight: 1 },
    ),
    // From the latest back: what was just asked for is what is mostly decided.
    request: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(4), weight: 2 }),
    button: fc.constantFrom(...buttons),
    times: fc.oneof({ arbitrary: fc.constant(1), weight: 5 }, { arbitrary: fc.constant(2), weight: 1 }),
    copies: fc.oneof({ arbitrary: fc.constant(1), weight: 5 }, { arbitrary: fc.constant(2), weight: 1 }),
  });
const approves = click(["Approve"]);
const ownClick = click(["End access", "Extend", "Extend", "Cancel"], ["requester"]);
const anyClick = fc.oneof(
  {
    arbitrary: click(["Approve", "Approve", "Deny", "Deny", "End access", "Extend", "Cancel", "Try now"]),
    weight: 2,
  },
  { arbitrary: ownClick, weight: 1 },
);
const breakGlass = fc.constant<Deed>({
  do: "ask",
  who: "erin",
  access: "vault open",
  minutes: 30,
  isBreakGlass: true,
});
const deed = fc.oneof(
  { arbitrary: ask, weight: 3 },
  { arbitrary: approves, weight: 4 },
  { arbitrary: anyClick, weight: 3 },
);
const fault = fc.oneof(
  {
    arbitrary: fc.constantFrom(403, 429, 500).map((status): ProviderFault => ({ kind: "status", status })),
    weight: 1,
  },
  {
    arbitrary: fc.constantFrom<ProviderFault>(
      { kind: "does it and answers 500" },
      { kind: "does it and drops the connection" },
      { kind: "drops the connection" },
      { kind: "answers 200 but does nothing" },
      { kind: "answers 200 but does nothing" },
      { kind: "slow", milliseconds: 40 },
      { kind: "delayed effect", milliseconds: 60 },
    ),
    weight: 4,
  },
  { arbitrary: fc.constantFrom<ProviderFault>({ kind: "hangs" }, { kind: "does it and hangs" }), weight: 1 },
);
const delay = fc.constantFrom<ProviderFault>(
  { kind: "slow", milliseconds: 120 },
  { kind: "answers late", milliseconds: 120 },
  { kind: "answers late", milliseconds: 120 },
);
const get: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("get" as const),
  who: fc.constantFrom("alice" as const, "alice" as const, "bob" as const, "erin" as const),
  access: fc.constantFrom(...accesses, "tool read" as const, "tool copy" as const),
  minutes,
});
const crashPoint = fc.record<CrashPoint>({
  wire: fc.constantFrom("database", "database", "provider", "slack"),
  nth: fc.integer({ min: 1, max: 9 }),
  when: fc.constantFrom("before it is sent", "before it is answered"),
});
const colleague = fc.constantFrom<Someone>("alice", "alice", "bob", "carol", "dana", "erin");
const isOften = fc.oneof(
  { arbitrary: fc.constant(true), weight: 3 },
  { arbitrary: fc.constant(false), weight: 2 },
);
const address: fc.Arbitrary<AccountChange> = fc.oneof(
  {
    arbitrary: fc.record({
      shows: fc.constantFrom("a fresh address" as const, "their own address" as const, ...vacantAddresses),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ showsThatOf: colleague, losing: fc.boolean() }), weight: 2 },
);
const standing: fc.Arbitrary<AccountChange> = fc.record({
  is: fc.constantFrom("guest", "member", "deactivated", "removed", "back", "of a sister workspace"),
});
const account: fc.Arbitrary<Unrest> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant("account" as const),
      who: colleague,
      change: fc.oneof(
        { arbitrary: address, weight: 1 },
        {
          arbitrary: fc.record({
            is: fc.constantFrom("guest" as const, "deactivated" as const, "removed" as const),
          }),
          weight: 1,
        },
      ),
      isMissed: isOften,
    }),
    weight: 5,
  },
  // The second account, the guest, who has left, and another company's.
  {
    arbitrary: fc.record({
      do: fc.constant("account" as const),
      who: fc.constantFrom<Someone>("alice2", "alice2", "greta", "dave", "sam"),
      change: fc.oneof(standing, address),
      isMissed: fc.boolean(),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      do: fc.constant("account" as const),
      who: colleague,
      change: fc.oneof(standing, fc.constant<AccountChange>({ shows: "their own address" })),
      isMissed: fc.boolean(),
    }),
    weight: 3,
  },
);
const lockdown: fc.Arbitrary<Unrest> = fc.record({
  do: fc.constantFrom("lock down" as const, "lock down" as const, "lift" as const),
  by: fc.constantFrom("carol" as const, "dana" as const, "dana" as const),
  whom: fc.constantFrom<Someone>("alice", "alice", "alice2", "bob", "carol", "erin"),
});
const policy: fc.Arbitrary<Unrest> = fc.record({
  do: fc.constant("policy" as const),
  name: fc.constantFrom(...policyNames),
});
const unrest = fc.oneof(
  { arbitrary: account, weight: 6 },
  { arbitrary: lockdown, weight: 3 },
  { arbitrary: policy, weight: 2 },
);
/** So that some ends are met exactly, some missed and some passed by far. */
const passing = fc.constantFrom(1, 6, 11, 11, 11, 31, 31, 61, 125);
const afterMs = fc.constantFrom(0, 0, 5, 15, 30);

const troubles: Readonly<Record<SlackMood, readonly SlackTrouble[]>> = {
  kind: kindTroubles,
  unkind: [...kindTroubles, ...unkindTroubles, ...unkindTroubles],
};
const stepIn = (mood: SlackMood): fc.Arbitrary<Step> =>
  fc.oneof(
    { arbitrary: get, weight: 14 },
    {
      arbitrary: fc.record({
        do: fc.constant("get despite" as const),
        who: fc.constantFrom("alice" as const, "bob" as const, "erin" as const),
        access: fc.constantFrom(...accesses),
        before: fc.constantFrom(
          "the question" as const,
          "the last approval" as const,
          "the last approval" as const,
          "the grant" as const,
        ),
        about: fc.constantFrom(
          "who asks" as const,
          "who asks" as const,
          "the first approver" as const,
          "the last approver" as const,
        ),
        unrest,
      }),
      weight: 7,
    },
    { arbitrary: unrest, weight: 5 },
    {
      arbitrary: fc.record({ do: fc.constant("unrest and" as const), unrest, deed, afterMs }),
      weight: 2,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("review" as const),
        who: fc.constantFrom<Someone | "requester">("requester", "carol", "dana", "greta"),
        request: fc.constantFrom(0, 0, 1),
      }),
      weight: 1,
    },
    { arbitrary: ask, weight: 4 },
    { arbitrary: approves, weight: 5 },
    { arbitrary: anyClick, weight: 6 },
    { arbitrary: ownClick, weight: 4 },
    { arbitrary: breakGlass, weight: 1 },
    {
      arbitrary: fc.record({
        do: fc.constant("meanwhile" as const),
        fault: delay,
        one: fc.oneof(approves, anyClick, ask),
        other: fc.oneof(ownClick, deed),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({ do: fc.constant("both" as const), one: deed, other: deed, afterMs }),
      weight: 4,
    },
    { arbitrary: fc.record({ do: fc.constant("pass" as const), minutes: passing }), weight: 9 },
    {
      arbitrary: fc.record({ do: fc.constant("pass and" as const), minutes: passing, deed, afterMs }),
      weight: 3,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("provider" as const),
        fault,
        calls: fc.constantFrom<readonly ProviderCall[]>(
          ["grant"],
          ["revoke"],
          ["list"],
          ["grant", "revoke", "list"],
        ),
        times: fc.constantFrom(1, 1, 2, 6),
      }),
      weight: 5,
    },
    { arbitrary: fc.constant<Step>({ do: "provider down" }), weight: 1 },
    { arbitrary: fc.constant<Step>({ do: "another server" }), weight: 2 },
    {
      arbitrary: fc.record({
        do: fc.constant("by hand" as const),
        from: fc.constantFrom("alice" as const, "alice" as const, "bob" as const, "erin" as const),
        access: fc.constantFrom(...accesses, "tool read" as const, "tool read" as const),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("slack" as const),
        trouble: fc.constantFrom<SlackTrouble>(...troubles[mood]),
      }),
      weight: mood === "kind" ? 2 : 20,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("leave" as const),
        who: fc.constantFrom<Someone>("alice", "bob", "erin"),
      }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("crash" as const),
        during: deed,
        at: crashPoint,
        minutes: fc.constantFrom(0, 0, 11, 61),
      }),
      weight: 2,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("crash later" as const),
        at: crashPoint,
        minutes: passing,
        deadMinutes: fc.constantFrom(0, 11),
      }),
      weight: 1,
    },
    { arbitrary: fc.constant<Step>({ do: "heal" }), weight: 3 },
  );

/** What happens, in order; somebody asks first, for without that little happens. */
export const historiesIn = (mood: SlackMood): fc.Arbitrary<readonly Step[]> =>
  fc
    .tuple(fc.oneof(ask, get, get), fc.array(stepIn(mood), { minLength: 4, maxLength: 11, size: "max" }))
    .map(([first, rest]) => [first, ...rest]);
