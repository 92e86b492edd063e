import { z } from "zod";
import { didYouMean } from "../../policy/language/nearest.ts";
import { splitText } from "../../policy/language/policy-text.ts";
import { isEmail, normalEmail } from "../../policy/principal.ts";
import { child, entriesOf, itemsOf, type SourceNode, textOf } from "../../policy/language/source.ts";
import { readSource } from "../../policy/language/yaml-source.ts";
import type { AuditReader } from "./read-events.ts";
import { quoted } from "../export/filters.ts";

/** The names in a question; a role belongs to the resource. */
export type Named = {
  readonly resource?: string | undefined;
  readonly role?: string | undefined;
  readonly rule?: string | undefined;
  /** An address, or `person-7`. */
  readonly user?: string | undefined;
};

/** `title`: what the newest policy that has the resource, or its role, calls it. `why`: a sentence about what never existed. */
export type Knowledge =
  { readonly known: true; readonly title?: string } | { readonly known: false; readonly why: string };

/** Names, with a title if a policy gives one. */
type Titles = Map<string, string | undefined>;
type Seen = {
  /** Resources with their roles. */
  readonly access: Map<string, { title: string | undefined; readonly roles: Titles }>;
  readonly rules: Set<string>;
  readonly people: Set<string>;
};

/**
 * Whether every name in a question has ever been in a policy that was in force here, in one of `today`, or in an event that is
 * still in the log. If a name never was, the answer “nobody” would hide a typing mistake.
 */
export async function knowNames(
  reader: AuditReader,
  named: Named,
  today: readonly string[] = [],
): Promise<Knowledge> {
  const seen: Seen = { access: new Map(), rules: new Set(), people: new Set() };
  if (named.user !== undefined && (await reader.personNumbers(named.user)).length > 0)
    seen.people.add(named.user);
  if (isKnown(seen, named)) return { known: true };
  for await (const text of policyTexts(reader, today)) {
    readPolicyNames(seen, text);
    if (isKnown(seen, named)) return { known: true, ...titleIn(seen, named) };
  }
  await readEventNames(reader, seen, named);
  if (isKnown(seen, named)) return { known: true, ...titleIn(seen, named) };
  return { known: false, why: wordUnknown(seen, named) };
}

function isKnown({ access, rules, people }: Seen, { resource, role, rule, user }: Named): boolean {
  const roles = resource === undefined ? undefined : access.get(resource)?.roles;
  return (
    (resource === undefined || roles !== undefined) &&
    (role === undefined || roles?.has(role) === true) &&
    (rule === undefined || rules.has(rule)) &&
    (user === undefined || people.has(user))
  );
}

function titleIn({ access }: Seen, { resource = "", role }: Named): { readonly title?: string } {
  const found = access.get(resource);
  if (found?.title === undefined) return {};
  if (role === undefined) return { title: found.title };
  const title = found.roles.get(role);
  return title === undefined ? {} : { title: `${found.title} · ${title}` };
}

const PolicyRow = z.object({ text: z.string() });

/** The texts of policies, newest first. */
async function* policyTexts(reader: AuditReader, today: readonly string[]): AsyncIterable<string> {
  yield* today;
  for await (const row of reader.rows("select text from policies order by loaded_at desc", []))
    yield PolicyRow.parse(row).text;
}

/** Reads only the YAML: what an older version accepted as a policy may be invalid in this one. */
function readPolicyNames(seen: Seen, text: string): void {
  for (const file of splitText(text, "policy")) {
    const source = readSource(file.name, file.text);
    if (!source.ok) continue;
    for (const [resource, node] of entriesOf(child(source.root, "resources"))) {
      const { roles } = addResource(seen, resource, textOf(child(node, "title")));
      for (const [role, inner] of entriesOf(child(node, "roles")))
        if (roles.get(role) === undefined) roles.set(role, textOf(child(inner, "title")));
    }
    for (const rule of itemsOf(child(source.root, "rules"))) {
      const name = textOf(child(rule, "name"));
      if (name !== undefined) seen.rules.add(name);
    }
    addPeople(seen.people, source.root);
  }
}

function addResource(
  { access }: Seen,
  resource: string,
  title?: string,
): { title: string | undefined; readonly roles: Titles } {
  const found = access.get(resource) ?? { title, roles: new Map() };
  found.title ??= title;
  access.set(resource, found);
  return found;
}

/** Adds every person named anywhere in a policy. */
function addPeople(people: Set<string>, node: SourceNode): void {
  const text = textOf(node);
  if (text !== undefined && isEmail(normalEmail(text))) people.add(normalEmail(text));
  for (const [key, inner] of entriesOf(node)) {
    if (isEmail(normalEmail(key))) people.add(normalEmail(key));
    addPeople(people, inner);
  }
  for (const item of itemsOf(node)) addPeople(people, item);
}

/** `access` is a single name in most events, and a list of names in those of drift. */
const namesInEvents = `
  select distinct resource, role, rule from audit_events where resource is not null or rule is not null
  union
  select split_part(access, ':', 1), split_part(access, ':', 2), null from (
    select data ->> 'access' from audit_events where jsonb_typeof(data -> 'access') = 'string'
    union
    select jsonb_array_elements_text(data -> 'access') from audit_events where jsonb_typeof(data -> 'access') = 'array'
  ) named (access)`;
const NameRow = z.object({
  resource: z.string().nullable(),
  role: z.string().nullable(),
  rule: z.string().nullable(),
});

/** Addresses in events recorded before people had numbers; everybody else has, or once had, an address in `person_names`. */
const plainPerson = `
  (select requester_email as address from audit_events
   where requester_person is null and requester_email is not null and lower(requester_email) = $1 limit 1)
  union all
  (select actor_email from audit_events
   where actor_person is null and actor_email is not null and lower(actor_email) = $1 limit 1)
  union all
  select name from person_names where kind = 'email'`;
const AddressRow = z.object({ address: z.string() });

async function readEventNames(reader: AuditReader, seen: Seen, { user, ...named }: Named): Promise<void> {
  if (named.resource !== undefined || named.rule !== undefined) {
    for await (const row of reader.rows(namesInEvents, [])) {
      const { resource, role, rule } = NameRow.parse(row);
      const roles = resource === null ? undefined : addResource(seen, resource).roles;
      if (role !== null && roles?.has(role) === false) roles.set(role, undefined);
      if (rule !== null) seen.rules.add(rule);
    }
  }
  if (user === undefined) return;
  for await (const row of reader.rows(plainPerson, [user]))
    seen.people.add(normalEmail(AddressRow.parse(row).address));
}

/** A longer list would not be read. */
const longestOffer = 20;

function wordUnknown({ access, rules, people }: Seen, { resource, role, rule, user }: Named): string {
  const roles = resource === undefined ? undefined : access.get(resource)?.roles;
  if (resource !== undefined && !roles) return neverWas("resource", resource, [...access.keys()]);
  if (role !== undefined && roles?.has(role) !== true)
    return neverWas(`role of ${resource}`, role, [...(roles?.keys() ?? [])]);
  if (rule !== undefined && !rules.has(rule)) return neverWas("rule", rule, [...rules]);
  // A question about one person must not list all others.
  const who = user ?? "";
  return `No policy and no event here ever named ${quoted(who)}${didYouMean(who, [...people], quoted) || "."}`;
}

function neverWas(what: string, name: string, known: readonly string[]): string {
  const unknown = `No policy and no event here ever had the ${what} ${quoted(name)}`;
  const mend = didYouMean(name, known, quoted);
  if (mend !== "" || known.length === 0) return `${unknown}${mend || "."}`;
  const more = known.length > longestOffer ? ` and ${known.length - longestOffer} more` : "";
  return `${unknown}. Known are: ${known.toSorted().slice(0, longestOffer).join(", ")}${more}.`;
}
