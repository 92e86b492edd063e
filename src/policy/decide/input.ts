import { isBlank } from "../../domain/text.ts";
import type { TypedInput } from "./ask.ts";
import type { InputField, Policy, RoleGrant } from "../policy.ts";
import type { PolicyRefusal } from "./refusals.ts";

/** A field that a provider asks for, with the provider. */
export type AskedField = InputField & { readonly provider: string };

/** The fields that a requester has to fill in for these grants; each provider's fields once. */
export function fieldsOf(policy: Policy, grants: readonly RoleGrant[]): readonly AskedField[] {
  const names = [...new Set(grants.map(({ provider }) => provider))];
  return names.flatMap((provider) =>
    (policy.providers.get(provider)?.input?.fields ?? []).map((field) => ({ ...field, provider })),
  );
}

/** Everything typed for one request has to fit in full on the message that approvers read. */
const mostTyped = 2_000;

/** Checks what was typed; at most one fault per field. */
export function inputFaults(
  policy: Policy,
  grants: readonly RoleGrant[],
  typed: TypedInput,
): readonly PolicyRefusal[] {
  const fields = fieldsOf(policy, grants);
  const valueOf = ({ provider, name }: AskedField): string =>
    (Object.hasOwn(typed, provider) ? typed[provider]?.[name] : undefined) ?? "";
  const unfit = fields.flatMap((each): readonly PolicyRefusal[] => {
    const { provider, name: field, title } = each;
    const read = policy.providers.get(provider)?.input?.read(typed[provider] ?? {});
    if (!read || read.ok || !read.faults.has(field)) return [];
    const why = isBlank(valueOf(each)) ? undefined : read.faults.get(field);
    return [{ kind: "input_unfit", provider, field, title, ...(why !== undefined && { why }) }];
  });
  const total = fields.reduce((sum, each) => sum + valueOf(each).length, 0);
  const last = fields.at(-1);
  if (unfit.length > 0 || !last || total <= mostTyped) return unfit;
  const why = `all fields together may have ${mostTyped} characters, and have ${total}`;
  return [{ kind: "input_unfit", provider: last.provider, field: last.name, title: last.title, why }];
}

/** What was typed for one provider, as it is kept with the request; `undefined` if the provider asks for nothing. */
export function inputFor(
  policy: Policy,
  provider: string,
  typed: TypedInput,
): readonly { readonly name: string; readonly title: string; readonly value: string }[] | undefined {
  const input = policy.providers.get(provider)?.input;
  const read = input?.read(typed[provider] ?? {});
  if (!input || !read?.ok) return undefined;
  const { values } = read;
  return input.fields.map(({ name, title }) => ({ name, title, value: values[name] ?? "" }));
}
