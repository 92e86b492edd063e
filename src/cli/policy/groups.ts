import { readGroupConfig } from "../../config.ts";
import type { GroupReaderDeps } from "../../groups/group-reader.ts";
import { createLogger } from "../../logger.ts";
import type { GroupSource, Membership, Memberships } from "../../policy/membership.ts";
import { wordUnknown } from "../../policy/language/nearest.ts";
import type { Policy } from "../../policy/policy.ts";
import { isEmail, normalEmail } from "../../policy/principal.ts";
import { CommandError } from "../failure.ts";

/** More people than this are counted, not named. */
const maxNamed = 10;

const patienceMs = 10_000;

/**
 * Reads the members of the groups that a policy does not list itself: as given (`NAME=EMAIL,EMAIL`), else from Slack
 * and the on-call services, where those are configured. Schedules are only asked about the present. `notes` describe
 * the result.
 */
export async function readMembers(
  policy: Policy,
  told: readonly string[],
  { isNow }: { readonly isNow: boolean },
): Promise<{ readonly memberships: Memberships; readonly notes: readonly string[] }> {
  const elsewhere = [...policy.groups].filter(([, { kind }]) => kind !== "members");
  const given = new Map(told.map((text) => readTold(policy, text)));
  const others = elsewhere.filter(([name]) => !given.has(name));
  const asked = new Map(others.filter(([, { kind }]) => isNow || kind === "slack"));
  const read = asked.size === 0 ? new Map<string, Membership>() : await readLive(asked);
  const memberships = new Map(
    elsewhere.map(([name]): [string, Membership] => {
      const members = given.get(name);
      if (members) return [name, { isKnown: true, members }];
      const found = read.get(name) ?? { isKnown: false, why: "schedules say who is on call now only" };
      if (found.isKnown) return [name, found];
      const why = `who is in group:${name} (${found.why}; --group ${name}=EMAIL,EMAIL tells)`;
      return [name, { isKnown: false, why }];
    }),
  );
  const notes = elsewhere.flatMap(([name, source]) => {
    const membership = memberships.get(name);
    if (!membership) return [];
    if (!membership.isKnown) return [`It is not known ${membership.why.replace(" is not known", "")}.`];
    const from = given.has(name) ? "as told" : `as ${services[source.kind]} says now`;
    return [`In group:${name}: ${wordPeople([...membership.members])}, ${from}.`];
  });
  return { memberships, notes };
}

const services: Readonly<Record<GroupSource["kind"], string>> = {
  members: "the policy",
  slack: "Slack",
  pagerduty: "PagerDuty",
  opsgenie: "Opsgenie",
};

function wordPeople(people: readonly string[]): string {
  const rest = people.length - maxNamed;
  if (people.length === 0) return "nobody";
  return `${people.toSorted().slice(0, maxNamed).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function readTold(policy: Policy, text: string): readonly [string, ReadonlySet<string>] {
  const [, written = "", list] = /^(?:group:)?([^=]*)=(.*)$/su.exec(text) ?? [];
  if (list === undefined)
    throw new CommandError(
      `--group: expected NAME=EMAIL,EMAIL, such as on-call=erin@example.com, got "${text}"`,
    );
  const source = policy.groups.get(written);
  if (!source)
    throw new CommandError(
      `--group: ${wordUnknown("group", written, [...policy.groups.keys()], "Known here")}`,
    );
  if (source.kind === "members")
    throw new CommandError(`--group: who is in group:${written} stands in the policy; change it there`);
  const members = list.split(",").flatMap((email) => (email.trim() === "" ? [] : [normalEmail(email)]));
  const wrong = members.find((email) => !isEmail(email));
  if (wrong !== undefined) throw new CommandError(`--group: expected e-mail addresses, got "${wrong}"`);
  return [written, new Set(members)];
}

/** Each service is loaded only where the policy has groups there. */
async function readLive(groups: ReadonlyMap<string, GroupSource>): Promise<Memberships> {
  const read = readGroupConfig();
  if (!read.ok) throw new CommandError(read.faults.join("\n"));
  const { slack, pagerDuty, opsgenie } = read.config;
  const kinds = new Set([...groups.values()].map(({ kind }) => kind));
  const deps: GroupReaderDeps = {
    slack: slack && kinds.has("slack") ? await slackGroups(slack) : undefined,
    pagerDuty:
      pagerDuty && kinds.has("pagerduty")
        ? (await import("../../groups/pagerduty.ts")).createPagerDuty(pagerDuty)
        : undefined,
    opsgenie:
      opsgenie && kinds.has("opsgenie")
        ? (await import("../../groups/opsgenie.ts")).createOpsgenie(opsgenie)
        : undefined,
    patienceMs,
  };
  const { createGroupReader } = await import("../../groups/group-reader.ts");
  return createGroupReader(deps).read(groups);
}

async function slackGroups({ botToken, apiUrl }: { readonly botToken: string; readonly apiUrl: string }) {
  const { createWebClient } = await import("../../slack/client/web-client.ts");
  const { createUserGroups } = await import("../../slack/directory/user-groups.ts");
  return createUserGroups(createWebClient({ botToken, apiUrl, log: createLogger("silent") }));
}
