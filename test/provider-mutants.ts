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
    text: 'maskSecrets(words.replaceAll(token, "***"), [token])',
    replacement: "maskSecrets(words, [])",
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
    text: `await ask({ method: "PUT", path: "/grants", body });
        if (await isListed(ask, subject, target)) return state;`,
    replacement: `await ask({ method: "PUT", path: "/grants", body });
        return state;`,
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
    text: "  .trim()\n",
    replacement: "",
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
    text: "shut: (agent) => agent.close(),",
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
    text: 'can: ["lastUsed", "holders"],',
    replacement: 'can: ["lastUsed"],',
    rule: "it has the methods that its kind has",
  },
];

/** By type; each is put to its contract. */
const mutations: Readonly<Record<string, readonly Mutation[]>> = { http };

/** What is taken out of every kind of provider. */
export const providerMutants: readonly ProviderMutant[] = Object.entries(mutations).flatMap(
  ([provider, all]) =>
    all.map((mutation) => ({
      ...mutation,
      provider,
      tests: [`test/providers/${provider}/contract.test.ts`],
    })),
);
