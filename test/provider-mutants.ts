import type { Change } from "./mutants.ts";

/** One thing that a provider owes taken out of it, and the rule of the contract that must notice. */
export type ProviderMutant = Change & {
  /** Its type. */
  readonly provider: string;
  /** How the rule's name begins. */
  readonly rule: string;
};

const httpFile = "src/providers/http/index.ts";
const endpointFile = "src/providers/http/endpoint.ts";

type Mutation = Omit<ProviderMutant, "provider" | "tests">;

const http: readonly Mutation[] = [
  {
    without: "use being seen",
    file: httpFile,
    text: "lastUsed == null ? [] : [Date.parse(lastUsed)]",
    replacement: "lastUsed == null ? [] : []",
    rule: "it shows when somebody used what they hold",
  },
  {
    without: "a check that asks for more than an answer",
    file: httpFile,
    text: "await Promise.all(targets.map((target) => list(ask, target)));",
    replacement: "",
    rule: "it says which right it lacks",
  },
  {
    without: "a bound in time",
    file: endpointFile,
    text: "...(milliseconds !== undefined && { milliseconds }),",
    replacement: "milliseconds: milliseconds ?? 3_600_000,",
    rule: "it waits for no answer longer than 10 s",
  },
  {
    without: "the escaping of names",
    file: endpointFile,
    text: "path: `${asked.pathname}${asked.search}`,",
    replacement: "path: decodeURIComponent(`${asked.pathname}${asked.search}`).replaceAll(' ', '+'),",
    rule: "it knows everybody and everything by their names",
  },
  {
    without: "the taking out of its token from what is said",
    file: endpointFile,
    text: "const safe = hideSecrets(line, [token, ...secrets]);",
    replacement: "const safe = hideSecrets.length === 0 ? '' : line;",
    rule: "it keeps its secrets",
  },
  {
    without: "the reading back of a revocation",
    file: httpFile,
    text: "if (!(await isListed(ask, subject, target))) return { keptBy: [] };",
    replacement: "return { keptBy: [] };",
    rule: "it says that something is gone once it has read that back",
  },
  {
    without: "the reading back of a grant",
    file: httpFile,
    text: "if (await isListed(ask, subject, target)) return { state, ...(handover && { handover }) };",
    replacement: "if (true as boolean) return { state, ...(handover && { handover }) };",
    rule: "it does not say that something is given which is not",
  },
  {
    without: "the word that it is being made",
    file: httpFile,
    text: "isPending: true,",
    replacement: "",
    rule: "it says that something is given once it is there",
  },
  {
    without: "a revocation from somebody who has left",
    file: httpFile,
    text: "(await list(ask, target, subject)).grants.length > 0;",
    replacement: `list(ask, target, subject).then(({ grants, refuses }) => {
      if (refuses != null) throw new ProviderError(refuses, { retryable: false });
      return grants.length > 0;
    });`,
    rule: "it takes from somebody who has left",
  },
  {
    without: "the one spelling of a name",
    file: httpFile,
    text: "const HttpSubject = z\n  .string()\n  .trim()\n",
    replacement: "const HttpSubject = z\n  .string()\n",
    rule: "it brings every spelling of a name to one",
  },
  {
    without: "the form of a name",
    file: httpFile,
    text: ".regex(/^[^\\p{C}\\p{Zl}\\p{Zp}]{1,256}$/u, {",
    replacement: ".regex(/^/u, {",
    rule: "it brings every spelling of a name to one",
  },
  {
    without: "the form of a target",
    file: httpFile,
    text: 'z.string({ error: "expected a text" }),',
    replacement: "z.coerce.string(),",
    rule: "it takes its targets",
  },
  {
    without: "the end of its connections",
    file: endpointFile,
    text: "shut: (dispatcher) => dispatcher.close(),",
    replacement: "shut: () => Promise.resolve(),",
    rule: "it lets go of its connections",
  },
  {
    without: "the wait for calls under way when it is closed",
    file: endpointFile,
    text: "close: () => caller.close(),",
    replacement: "close: () => caller.call((agent) => agent.destroy()),",
    rule: "it lets calls that are under way end",
  },
  {
    without: "a refusal for good",
    file: httpFile,
    text: "throw new ProviderError(`the endpoint refuses: ${endpoint.inert(refuses)}`, { retryable: false });",
    replacement:
      "throw new ProviderError(`the endpoint refuses: ${endpoint.inert(refuses)}`, { retryable: true });",
    rule: "it refuses for good, when asked first, somebody it does not know",
  },
  {
    without: "a refusal of those it does not know",
    file: httpFile,
    text: "if (refuses != null)",
    replacement: "if (refuses === null)",
    rule: "it refuses for good, when asked first, somebody it does not know",
  },
  {
    without: "nothing being done when it is asked first",
    file: httpFile,
    text: "const { grants, refuses } = await list(ask, target, subject);",
    replacement: `const { grants, refuses } = await list(ask, target, subject);
        await ask({ method: "PUT", path: "/grants", body: { subject, target } });`,
    rule: "it is asked first, which changes nothing",
  },
  {
    without: "the look at which system it is",
    file: httpFile,
    text: "if (system === known.system) return known;",
    replacement: "if (system !== undefined) return known;",
    rule: "it does nothing with what was granted on another system",
  },
  {
    without: "an id of the system's own",
    file: httpFile,
    text: "(await readId(ask)) ?? endpoint.address;",
    replacement: '(await readId(ask)) === undefined ? endpoint.address : "it";',
    rule: "it says which system it is",
  },
  {
    without: "a memory of what was there before",
    file: httpFile,
    text: "state: { system, existed: isHeld },",
    replacement: "state: { system, existed: false },",
    rule: "it leaves what somebody had before",
  },
  {
    without: "the time to come back",
    file: endpointFile,
    text: "isPassing ? readRetryAfter(headers) : undefined;",
    replacement: "undefined as ReturnType<typeof readRetryAfter>;",
    rule: "it says when to come back",
  },
  {
    without: "a refusal of a list that is none",
    file: httpFile,
    text: "if (!listing.success) {",
    replacement: `if (!listing.success) return { grants: [] };
    if (listing.error) {`,
    rule: "it does not take an answer that breaks off",
  },
  {
    without: "a method that its kind has",
    file: httpFile,
    text: 'can: ["lastUsed", "holders", "handover"],',
    replacement: 'can: ["lastUsed", "handover"],',
    rule: "it has the methods that its kind has",
  },
  {
    without: "what was typed",
    file: httpFile,
    text: "...(input && { input }) };",
    replacement: "};",
    rule: "it asks for what it takes in the form",
  },
  {
    without: "a look at what was typed",
    file: httpFile,
    text: ".refine((typed) => pattern?.matches(typed) ?? true,",
    replacement: ".refine(() => true,",
    rule: "it asks for what it takes in the form",
  },
  {
    without: "what is handed over the second time",
    file: httpFile,
    text: "if (given.success) return given.data.handover;",
    replacement: "if (given.success) return { title: 'a one-time password', text: 'as before' };",
    rule: "it hands over what works",
  },
];

const postgresFile = "src/providers/postgres/index.ts";
const connectionFile = "src/providers/postgres/connection.ts";
const membershipsFile = "src/providers/postgres/memberships.ts";
const namesFile = "src/providers/postgres/names.ts";
const prepareFile = "src/providers/postgres/prepare.ts";

const postgres: readonly Mutation[] = [
  {
    without: "the end of sessions",
    file: membershipsFile,
    text: "...(ending.size > 0 ? [endSessionsStatement(session, [...ending])] : []),",
    replacement: "",
    rule: "it ends the sessions that use what it takes",
  },
  {
    without: "sessions being left open where nothing was taken",
    file: membershipsFile,
    text: 'if (owed.has(keyOf(state)) || (state.granted && state.ours !== "nothing")) ending',
    replacement: "ending",
    rule: "it ends no session where there was nothing to take",
  },
  {
    without: "a word that it may not end sessions",
    file: "src/providers/postgres/sessions.ts",
    text: "WHERE usesysid IN (${oids})",
    replacement: "WHERE pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AND usesysid IN (${oids})",
    rule: "it does not say that something is gone which it has no right to take",
  },
  {
    without: "use being seen",
    file: postgresFile,
    text: "return lastUse(session, member.oid, statements);",
    replacement: "return Promise.resolve(member.oid === '' ? lastUse(session, '', statements) : undefined);",
    rule: "it shows when somebody used what they hold",
  },
  {
    without: "a check that asks for more than a connection",
    file: postgresFile,
    text: "warnings: await check(session, targets),",
    replacement: "warnings: targets.length < 0 ? await check(session, targets) : [],",
    rule: "it says which right it lacks",
  },
  {
    without: "a reason to keep something",
    file: postgresFile,
    text: "server.call((session) => whyKept(session, subject, role)),",
    replacement: "server.call((session) => whyKept(session, subject, role).then(() => undefined)),",
    rule: "it says from whom something may not be taken",
  },
  {
    without: "a bound in time",
    file: connectionFile,
    text: "{ connect: 5_000, lock: 3_500, statement: 4_500, call: 9_500, idle: 30_000 }",
    replacement: "{ connect: 0, lock: 0, statement: 0, call: 20_000, idle: 30_000 }",
    rule: "it waits for no answer longer than 10 s",
  },
  {
    without: "the escaping of names",
    file: namesFile,
    text: `name.replaceAll('"', '""')`,
    replacement: "name",
    rule: "it knows everybody and everything by their names",
  },
  {
    without: "the form of a name",
    file: namesFile,
    text: "if (bytes > 63)",
    replacement: "if (bytes > 6_300)",
    rule: "it brings every spelling of a name to one, and refuses what is no name",
  },
  {
    without: "the taking out of the password from its URL in what is said",
    file: connectionFile,
    text: `secrets: secretsOf(url),
    classify: (error) => classify(error, address),`,
    replacement: `secrets: secretsOf(url).slice(2),
    classify: (error) => classify(error, url),`,
    rule: "it keeps its secrets",
  },
  {
    without: "the reading back of a revocation",
    file: membershipsFile,
    text: "if (!isTaken(session, state, found.value)) {",
    replacement: "if (!isTaken(session, state, found.value) && all.length === 0) {",
    rule: "it says that something is gone once it has read that back",
  },
  {
    without: "the reading back of a grant",
    file: "src/providers/postgres/grant.ts",
    text: "if (found.works) return",
    replacement: "if (found.rows.length >= 0) return",
    rule: "it does not say that something is given which is not",
  },
  {
    without: "a revocation from somebody who has left",
    file: membershipsFile,
    text: "if (found.role === null || found.member === null) return [];",
    replacement: `if (found.role === null || found.member === null)
    throw new ProviderError("nobody is there by this id", { retryable: false });`,
    rule: "it takes from somebody who has left",
  },
  {
    without: "names of now",
    file: membershipsFile,
    text: "const pair = { role: found.role, member: found.member };",
    replacement: "const pair = { role: state.role.name, member: state.member.name };",
    rule: "it takes from somebody who has another name since",
  },
  {
    without: "the end of its connections",
    file: connectionFile,
    text: "shut: (pool) => pool.end(),",
    replacement: "shut: () => Promise.resolve(),",
    rule: "it lets go of its connections",
  },
  {
    without: "the wait for all steps of a call when it is closed",
    file: postgresFile,
    text: "await calls.ended();",
    replacement: "",
    rule: "it lets calls that are under way end",
  },
  {
    without: "a refusal of those it does not know",
    file: prepareFile,
    text: 'if (!member) throw refusal(`role "${subject}" does not exist`);',
    replacement: `if (!member) {
    await session.client.query(\`CREATE ROLE \${quote(subject)} LOGIN\`);
    return prepare(session, address, subject, target);
  }`,
    rule: "it refuses for good, when asked first, somebody it does not know",
  },
  {
    without: "a refusal for good",
    file: prepareFile,
    text: "return new ProviderError(message, { retryable: false });",
    replacement: "return new ProviderError(message, { retryable: true });",
    rule: "it refuses for good, when asked first, somebody it does not know",
  },
  {
    without: "a look at who has theirs through others",
    file: prepareFile,
    text: "if (whyNot) throw",
    replacement: "if (whyNot === '') throw",
    rule: "it refuses for good, when asked first, whoever and whatever must not be granted",
  },
  {
    without: "the look at which system it is",
    file: "src/providers/postgres/state.ts",
    text: "if (session.system === state.system) return;",
    replacement: "if (session.system !== '') return;",
    rule: "it does nothing with what was granted on another system",
  },
  {
    without: "an id of the system's own",
    file: connectionFile,
    text: "system: control.rows[0]?.system ?? found.system",
    replacement: "system: control.rows[0] === undefined ? found.system : 'it'",
    rule: "it says which system it is",
  },
  {
    without: "a memory of what was there before",
    file: prepareFile,
    text: 'return same.inherits && same.sets ? "nothing" : "options";',
    replacement: 'return same.inherits && same.sets ? "all" : "options";',
    rule: "it leaves what somebody had before",
  },
  {
    without: "whose hand gave what",
    file: membershipsFile,
    text: 'return ours === "nothing" ? [] : rows.filter((row) => row.grantor === grantor);',
    replacement: 'return ours === "nothing" && grantor !== "" ? [] : rows;',
    rule: "it leaves what others gave meanwhile",
  },
  {
    without: "an error where it may not look",
    file: "src/providers/postgres/membership.ts",
    text: `    [pairs.map(({ role }) => role), pairs.map(({ member }) => member)],
  );`,
    replacement: `    [pairs.map(({ role }) => role), pairs.map(({ member }) => member)],
  ).catch(() => ({
    rows: pairs.map((): Found => ({
      role: null,
      member: null,
      isSuper: false,
      rows: [],
      through: [],
      works: false,
      isInherited: false,
    })),
  }));`,
    rule: "it does not take what is hidden from it for gone",
  },
  {
    without: "a method that its kind has",
    file: postgresFile,
    text: 'can: ["lastUsed", "holders", "mustKeep"],',
    replacement: 'can: ["lastUsed", "holders"],',
    rule: "it has the methods that its kind has",
  },
];

/** By type; each is put to its contract. */
const mutations: Readonly<Record<string, readonly Mutation[]>> = { http, postgres };

/** What is taken out of every kind of provider. */
export const providerMutants: readonly ProviderMutant[] = Object.entries(mutations).flatMap(
  ([provider, all]) =>
    all.map((mutation) => ({
      ...mutation,
      provider,
      tests: [`test/providers/${provider}/contract.test.ts`],
    })),
);
