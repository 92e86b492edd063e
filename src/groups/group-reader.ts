import type { GroupSource, Membership, Memberships } from "../policy/membership.ts";
import { noMemberships } from "../policy/people.ts";
import { createMemory, defaultPatienceMs, type Memory, notInTime, within } from "./memory.ts";
import type { OnCall } from "./on-call.ts";
import { messageOf } from "../error-message.ts";

export type GroupReader = {
  /**
   * Reads who is in these groups now: a schedule at most a minute old, a Slack user group as cached by `SlackGroups`. A
   * group that cannot be read says why. Never throws and never takes longer than two seconds; whatever is slower counts
   * as unreadable for now.
   */
  read(groups: ReadonlyMap<string, GroupSource>): Promise<Memberships>;
  /** The same from the cache, without waiting; `undefined` if a service would have to be asked. */
  remembered(groups: ReadonlyMap<string, GroupSource>): Memberships | undefined;
};

/** Reads Slack's user groups, with a cache of its own that Slack's events correct. */
export type SlackGroups = {
  /** E-mail addresses, in lower case. Throws an error that says why a group cannot be read. */
  members(handleOrId: string): Promise<ReadonlySet<string>>;
  /** The same without waiting; `undefined` if Slack would have to be asked. */
  remembered(handleOrId: string): ReadonlySet<string> | undefined;
};

/** `undefined`: not set up. */
export type GroupReaderDeps = {
  readonly slack: SlackGroups | undefined;
  readonly pagerDuty: OnCall | undefined;
  readonly opsgenie: OnCall | undefined;
  readonly patienceMs?: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
};

type Reading = Pick<Memory<ReadonlySet<string>>, "read" | "remembered">;

const onCallTtlMs = 60_000;

/** Creates a reader of the groups whose members are defined outside the policy. */
export function createGroupReader(deps: GroupReaderDeps): GroupReader {
  const { slack, patienceMs = defaultPatienceMs, now } = deps;
  const schedules = new Map<string, Reading>();

  function onCall(service: string, asked: OnCall | undefined, setting: string, schedule: string): Reading {
    if (!asked) return notSet(setting);
    const key = `${service} ${schedule}`;
    const known = schedules.get(key);
    if (known) return known;
    const options = { ttlMs: onCallTtlMs, patienceMs, now };
    const memory = createMemory(service, () => asked.onCall(schedule), options);
    schedules.set(key, memory);
    return memory;
  }

  function readingOf(source: GroupSource): Reading {
    switch (source.kind) {
      case "members":
        return { read: () => Promise.resolve(source.members), remembered: () => source.members };
      case "slack":
        if (!slack) return notSet("SLACK_BOT_TOKEN");
        return {
          read: () => within(patienceMs, slack.members(source.handle), notInTime("Slack", patienceMs)),
          remembered: () => slack.remembered(source.handle),
        };
      case "pagerduty":
        return onCall("PagerDuty", deps.pagerDuty, "PAGERDUTY_API_TOKEN", source.schedule);
      case "opsgenie":
        return onCall("Opsgenie", deps.opsgenie, "OPSGENIE_API_KEY", source.schedule);
    }
  }

  let last: Memberships = new Map();
  return {
    async read(groups) {
      if (groups.size === 0) return noMemberships;
      const memberships = [...groups].map(
        async ([name, source]) => [name, await membershipOf(readingOf(source))] as const,
      );
      return (last = unlessSame(last, new Map(await Promise.all(memberships))));
    },
    remembered(groups) {
      if (groups.size === 0) return noMemberships;
      const memberships = new Map<string, Membership>();
      for (const [name, source] of groups) {
        const members = readingOf(source).remembered();
        if (!members) return undefined;
        memberships.set(name, { isKnown: true, members });
      }
      return (last = unlessSame(last, memberships));
    },
  };
}

/** Returns the previous object if nothing has changed, because lists made from it are cached by it. */
function unlessSame(last: Memberships, fresh: Memberships): Memberships {
  const isSame =
    fresh.size === last.size &&
    [...fresh].every(([name, membership]) => {
      const before = last.get(name);
      if (!before?.isKnown || !membership.isKnown)
        return before?.isKnown === false && !membership.isKnown && before.why === membership.why;
      return holdSame(before.members, membership.members);
    });
  return isSame ? last : fresh;
}

function holdSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one === other || (one.size === other.size && [...one].every((member) => other.has(member)));
}

async function membershipOf(reading: Reading): Promise<Membership> {
  try {
    return { isKnown: true, members: await reading.read() };
  } catch (error) {
    return { isKnown: false, why: messageOf(error) };
  }
}

function notSet(setting: string): Reading {
  return {
    read: () => Promise.reject(new Error(`${setting} is not set`)),
    remembered: () => undefined,
  };
}
