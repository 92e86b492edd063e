import { quoted } from "../../domain/text.ts";
import { formatDuration } from "../../domain/duration.ts";
import { everybodyMapped } from "../everybody.ts";
import type { GroupSource } from "../membership.ts";
import type { AccessPattern, Conflict, Policy, Role } from "../policy.ts";
import { targetKey } from "../target-key.ts";

/** Lists changes that concern everybody alike, a sentence each: settings, external groups, what roles grant, conflicts. */
export function compareSettings(before: Policy, after: Policy): readonly string[] {
  const [old, fresh] = [before.settings, after.settings];
  return [
    ...(old.timezone === fresh.timezone
      ? []
      : [`hours are now those of ${fresh.timezone} (before: ${old.timezone})`]),
    ...(old.channel === fresh.channel
      ? []
      : [`requests are now told in ${fresh.channel} unless a rule says otherwise (before: ${old.channel})`]),
    ...(old.alerts === fresh.alerts ? [] : [`alerts now go to ${fresh.alerts} (before: ${old.alerts})`]),
    ...(old.audit === fresh.audit
      ? []
      : [
          `the audit's checkpoints now go to ${fresh.audit ?? "no channel"} (before: ${old.audit ?? "none"})`,
        ]),
    ...(old.maxPending === fresh.maxPending
      ? []
      : [
          `of one person's requests at most ${fresh.maxPending} may now wait for a decision (before: ${old.maxPending})`,
        ]),
    ...(old.keepEffectsSeconds === fresh.keepEffectsSeconds
      ? []
      : [
          `what was carried out now stays among the effects for ${formatDuration(fresh.keepEffectsSeconds)} (before: ${formatDuration(old.keepEffectsSeconds)})`,
        ]),
    ...(old.drift.everySeconds === fresh.drift.everySeconds
      ? []
      : [
          `providers are now looked at for drift every ${formatDuration(fresh.drift.everySeconds)} (before: ${formatDuration(old.drift.everySeconds)})`,
        ]),
    ...compareGroups(before, after),
    ...compareProviders(before, after),
    ...compareSinks(before, after),
    ...compareRoles(before, after),
    ...compareSubjects(before, after),
    ...compareConflicts(before, after),
  ];
}

function compareGroups(before: Policy, after: Policy): readonly string[] {
  return [...after.groups].flatMap(([name, source]) => {
    const old = before.groups.get(name);
    if (!old) return [];
    const [was, is] = [wordSource(old), wordSource(source)];
    return was === is ? [] : [`group:${name} is now ${is} (before: ${was})`];
  });
}

function wordSource(source: GroupSource): string {
  switch (source.kind) {
    case "members":
      return "listed in the policy";
    case "slack":
      return `Slack's user group @${source.handle}`;
    case "pagerduty":
      return `whoever is on call by PagerDuty's ${source.schedule}`;
    case "opsgenie":
      return `whoever is on call by Opsgenie's ${source.schedule}`;
  }
}

/** Options are compared as written, and not shown: they hold secrets if an author forgot `${NAME}`. */
function compareProviders(before: Policy, after: Policy): readonly string[] {
  return [...after.providers].flatMap(([name, provider]) => {
    const old = before.providers.get(name);
    if (!old || targetKey(old.type, old.options) === targetKey(provider.type, provider.options)) return [];
    return [`the provider ${name} is another one, or reached otherwise`];
  });
}

function compareSinks(before: Policy, after: Policy): readonly string[] {
  const names = new Set([...before.sinks.keys(), ...after.sinks.keys()]);
  return [...names].flatMap((name) => {
    const [old, fresh] = [before.sinks.get(name), after.sinks.get(name)];
    if (!old) return [`the audit is now sent to ${name} (${fresh?.type})`];
    if (!fresh) return [`the audit is not sent to ${name} (${old.type}) any more`];
    if (JSON.stringify(old) === JSON.stringify(fresh)) return [];
    return [`the audit's sink ${name} is another one, or reached otherwise`];
  });
}

function compareRoles(before: Policy, after: Policy): readonly string[] {
  return [...after.resources.values()].flatMap((resource) => {
    const old = before.resources.get(resource.name);
    if (!old) return [];
    const risk =
      old.risk === resource.risk
        ? []
        : [`${resource.name} is now of ${resource.risk} risk (before: ${old.risk})`];
    const unknown =
      old.unknownAccess === resource.unknownAccess
        ? []
        : [
            `access to ${resource.name} that nobody gave in Hallpass: now ${resource.unknownAccess} (before: ${old.unknownAccess})`,
          ];
    const roles = [...resource.roles.values()].flatMap((role) => {
      const known = old.roles.get(role.name);
      if (!known) return [];
      const [was, is] = [wordGrants(known), wordGrants(role)];
      return was === is ? [] : [`${resource.name}:${role.name} now gives ${is} (before: ${was})`];
    });
    return [...risk, ...unknown, ...roles];
  });
}

function wordGrants({ grants }: Role): string {
  return grants
    .map(({ resource, role, provider, target }) =>
      grants.length > 1 ? `${resource}:${role}` : `${JSON.stringify(target)} in ${provider}`,
    )
    .toSorted()
    .join(", ");
}

/** Compares the names under which people's access is created. */
function compareSubjects(before: Policy, after: Policy): readonly string[] {
  return everybodyMapped([before, after]).flatMap((person) =>
    [...after.providers.keys()].flatMap((provider) => {
      const [was, is] = [before, after].map((policy) => policy.people.get(person)?.get(provider));
      const usual = "by their e-mail address";
      return was === is || !before.providers.has(provider)
        ? []
        : [
            `${person} is now known to ${provider} ${is === undefined ? usual : `as ${is}`} (before: ${was === undefined ? usual : `as ${was}`})`,
          ];
    }),
  );
}

function compareConflicts(before: Policy, after: Policy): readonly string[] {
  const [old, fresh] = [before, after].map((policy) => new Set(policy.conflicts.map(wordConflict)));
  return [
    ...[...(fresh ?? [])]
      .filter((each) => old?.has(each) !== true)
      .map((each) => `nobody may hold together any more ${each}`),
    ...[...(old ?? [])]
      .filter((each) => fresh?.has(each) !== true)
      .map((each) => `one may now hold together ${each}`),
  ];
}

function wordConflict({ name, between }: Conflict): string {
  return `${between.map(wordAccess).toSorted().join(", ")} (${quoted(name)})`;
}

function wordAccess({ resource = "*", role = "*" }: AccessPattern): string {
  return `${resource}:${role}`;
}
