import { z } from "zod";
import { compilePattern } from "../../pattern.ts";
import { defineProvider } from "../define.ts";
import {
  type Handover,
  type Provider,
  ProviderError,
  type ProviderState,
  type Subject,
} from "../provider.ts";
import { addressFault } from "./address.ts";
import { type AskEndpoint, createEndpoint } from "./endpoint.ts";
import { parseJson } from "../../parse-json.ts";
import { hasReference } from "../../resolve-secrets.ts";

/** A field the requester fills in; `matches` is in RE2's syntax, `message` is shown when the text does not match. */
type HttpField = z.infer<typeof HttpField>;
const HttpField = z.strictObject({
  title: z.string().min(1).max(100),
  description: z.string().max(300).optional(),
  matches: z
    .string()
    .superRefine((text, context) => {
      const compiled = compilePattern(text);
      if (!compiled.ok) context.addIssue({ code: "custom", message: compiled.why });
    })
    .optional(),
  message: z.string().min(1).max(300).optional(),
});

/** Where the endpoint is, and the token it knows Hallpass by. */
type HttpOptions = z.infer<typeof HttpOptions>;
const HttpOptions = z.strictObject({
  // References such as `${TOOL_URL}` are resolved later, and their values are checked then.
  url: z.string().refine((text) => hasReference(text) || addressFault(text) === undefined, {
    error: (issue) => addressFault(String(issue.input)),
  }),
  token: z.string().refine((text) => hasReference(text) || /^[\x21-\x7E]+$/u.test(text), {
    error: "expected a token of visible ASCII characters, without white space or a line break at its end",
  }),
  input: z
    .record(
      z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,30}$/, { error: "expected a key of lower-case letters, digits and _" }),
      HttpField,
    )
    .refine((fields) => Object.keys(fields).length <= 5, { error: "expected at most five fields" })
    .optional(),
});

/** The keys and texts by which the endpoint tells one access from another. */
type HttpTarget = z.infer<typeof HttpTarget>;
const HttpTarget = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, {
      error: "expected a key of 1 to 63 letters, digits, _, . and -",
    }),
    z.string({ error: "expected a text" }),
  )
  .refine((target) => Object.keys(target).length > 0, { error: "expected at least one KEY: TEXT" })
  .meta({ minProperties: 1 });

/** Any name without invisible characters, which can't tell people apart. Case is kept, because it may. */
const HttpSubject = z
  .string()
  .trim()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u, {
    error: "expected a name of 1 to 256 characters, none of them invisible",
  });

const Listing = z.object({
  grants: z.array(
    z.object({
      subject: z.string(),
      target: z.record(z.string(), z.string()),
      lastUsed: z.iso.datetime({ offset: true }).nullish(),
    }),
  ),
  refuses: z.string().nullish(),
});
type Listing = z.infer<typeof Listing>;

/** What an answer to `PUT {url}/grants` may contain. */
const Given = z.object({
  handover: z
    .object({
      title: z.string().max(100, { error: "expected at most 100 characters" }),
      text: z.string({ error: "expected a string" }),
    })
    .optional(),
});

/** The system's id in an answer to `GET {url}`, if there is one. */
const Identity = z.object({ id: z.string().regex(/^[^\p{C}]{1,200}$/u) });

/** For grants from before endpoints were told apart, it is only known that they are ours. */
const State = z.object({
  /** The system it was granted on. */
  system: z.string().optional(),
  /** The subject had it before, so it is not ours to take. */
  existed: z.boolean().default(false),
});

/** Access held behind an HTTP endpoint that somebody writes for it; docs/http-provider.md says what the endpoint has to do. */
export const http = defineProvider({
  type: "http",
  title: "anything behind an endpoint of yours",
  options: HttpOptions,
  target: HttpTarget,
  subject: HttpSubject,
  atOnce: 8,
  can: ["lastUsed", "holders", "handover"],
  input: ({ input }) => input && inputOf(input),
  create: (options: HttpOptions) => createHttpProvider(options),
});

/**
 * Creates the provider of an endpoint. What the endpoint lists is held; it is compared here by subject and target,
 * without relying on the endpoint's filters. An endpoint knows nothing else of them, so they are the ids. Access that
 * somebody had before stays theirs: it is neither put nor taken away.
 */
export function createHttpProvider({ url, token }: HttpOptions, milliseconds?: number): Provider<HttpTarget> {
  const endpoint = createEndpoint(url, token, milliseconds);

  async function list(ask: AskEndpoint, target: HttpTarget, subject?: Subject): Promise<Listing> {
    const query = { ...(subject !== undefined && { subject }), target: canonical(target) };
    const listing = Listing.safeParse(parseJson(await ask({ method: "GET", path: "/grants", query })));
    if (!listing.success) {
      const [issue] = listing.error.issues;
      throw new ProviderError(
        `the endpoint's list of grants is not understood: ${issue?.path.join(".") || "all of it"}: ${issue?.message ?? "unexpected"}`,
        { retryable: false },
      );
    }
    const { grants, refuses } = listing.data;
    const wanted = grants.filter(
      (held) =>
        canonical(held.target) === canonical(target) && (subject === undefined || held.subject === subject),
    );
    return { grants: wanted, refuses };
  }

  const isListed = async (ask: AskEndpoint, subject: Subject, target: HttpTarget): Promise<boolean> =>
    (await list(ask, target, subject)).grants.length > 0;

  /** The endpoint's own id; `undefined` if it gives none. */
  async function readId(ask: AskEndpoint): Promise<string | undefined> {
    return Identity.safeParse(parseJson(await ask({ method: "GET", path: "" }))).data?.id;
  }

  const identify = async (ask: AskEndpoint): Promise<string> => (await readId(ask)) ?? endpoint.address;

  /** Reads a grant's state; throws if this is not the system it was granted on. */
  async function recall(ask: AskEndpoint, state: ProviderState): Promise<z.infer<typeof State>> {
    const known = State.parse(state);
    if (known.system === undefined) return known;
    const system = await identify(ask);
    if (system === known.system) return known;
    throw new ProviderError(
      `it was granted on ${endpoint.inert(known.system)}, and this is ${endpoint.inert(system)}`,
      { retryable: false },
    );
  }

  return {
    identity: () => endpoint.during(identify),

    prepare: (subject, target) =>
      endpoint.during(async (ask) => {
        const system = await identify(ask);
        const { grants, refuses } = await list(ask, target, subject);
        if (refuses != null)
          throw new ProviderError(`the endpoint refuses: ${endpoint.inert(refuses)}`, { retryable: false });
        const isHeld = grants.length > 0;
        return {
          subjectId: subject,
          targetId: canonical(target),
          state: { system, existed: isHeld },
          isHeld,
        };
      }),

    grant: (subject, target, until, state, input) =>
      endpoint.during(async (ask) => {
        const { existed } = await recall(ask, state);
        if (existed) {
          // A PUT would give it an end, and after a crash nobody could tell any more whose it is.
          if (await isListed(ask, subject, target)) return { state };
          throw new ProviderError(`what ${subject} had before is gone since: ask anew`, { retryable: false });
        }
        const body = { subject, target, until: until.toISOString(), ...(input && { input }) };
        const handover = readHandover(await ask({ method: "PUT", path: "/grants", body }));
        if (await isListed(ask, subject, target)) return { state, ...(handover && { handover }) };
        throw new ProviderError("the endpoint took it and does not list it yet", {
          retryable: true,
          isPending: true,
        });
      }),

    revoke: (subject, target, state) =>
      endpoint.during(async (ask) => {
        const { existed } = await recall(ask, state);
        if (existed) {
          const isHeld = await isListed(ask, subject, target);
          return { keptBy: isHeld ? ["a right of their own from before"] : [] };
        }
        // Sent even if nothing is listed: a grant whose answer was lost may still be on its way.
        await ask({ method: "POST", path: "/revocations", body: { subject, target } });
        if (!(await isListed(ask, subject, target))) return { keptBy: [] };
        throw new ProviderError("the endpoint still lists what it was told to take away", {
          retryable: true,
        });
      }),

    holds: (subject, target, state) =>
      endpoint.during(async (ask) => {
        await recall(ask, state);
        return isListed(ask, subject, target);
      }),

    lastUsed: (subject, target, state) =>
      endpoint.during(async (ask) => {
        await recall(ask, state);
        const { grants } = await list(ask, target, subject);
        const used = grants.flatMap(({ lastUsed }) => (lastUsed == null ? [] : [Date.parse(lastUsed)]));
        return used.length === 0 ? undefined : new Date(Math.max(...used));
      }),

    holders: (target) =>
      endpoint.during(async (ask) => {
        const { grants } = await list(ask, target);
        const subjects = [...new Set(grants.map(({ subject }) => subject))];
        return subjects.map((subject) => ({ subject, subjectId: subject, targetId: canonical(target) }));
      }),

    check: (targets) =>
      endpoint.during(async (ask) => {
        const id = await readId(ask);
        await Promise.all(targets.map((target) => list(ask, target)));
        if (id !== undefined) return [];
        return ["the endpoint names no id, so another one at its address would be taken for it"];
      }),

    close: () => endpoint.close(),
  };
}

/** Reads what an answer to `PUT {url}/grants` hands over. An answer that begins as JSON and breaks off counts as no answer. */
function readHandover(answer: string): Handover | undefined {
  const read = answer.trimStart().startsWith("{") ? parseJson(answer) : {};
  if (read === undefined)
    throw new ProviderError("the endpoint's answer to a grant breaks off", { retryable: true });
  const given = Given.safeParse(read);
  if (given.success) return given.data.handover;
  const [issue] = given.error.issues;
  throw new ProviderError(
    `what the endpoint hands over is not understood: ${issue?.path.join(".")}: ${issue?.message}`,
    { retryable: false },
  );
}

function inputOf(
  fields: Readonly<Record<string, HttpField>>,
): z.ZodObject<Record<string, z.ZodType<string>>> {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(fields).map(([name, { title, description, matches, message }]) => {
        const compiled = matches === undefined ? undefined : compilePattern(matches);
        const pattern = compiled?.ok === true ? compiled.pattern : undefined;
        const text = z
          .string()
          .trim()
          .max(longestInput, { error: `expected at most ${longestInput} characters` })
          .refine((typed) => pattern?.matches(typed) ?? true, {
            error: message ?? `expected something like ${matches}`,
          })
          .meta({ title, ...(description !== undefined && { description }) });
        return [name, text] as const;
      }),
    ),
  );
}

/** Enough for a public key of any kind. */
const longestInput = 1_000;

/** A target as text: the same whatever order its keys are in. */
function canonical(target: Readonly<Record<string, string>>): string {
  const entries = Object.entries(target).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
}
