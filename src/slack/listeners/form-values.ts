import type { ViewOutput } from "@slack/bolt";
import type { TypedInput } from "../../policy/decide/ask.ts";
import { readTicket } from "../ticket-text.ts";
import {
  breakGlassBlockId,
  durationBlockId,
  readFieldBlockId,
  reasonBlockId,
  resourceBlockId,
  roleBlockId,
  ticketBlockId,
} from "../views/request-form.ts";

/** Reads the current values of the form. */
export function readForm(view: Pick<ViewOutput, "state">): {
  readonly resource: string | undefined;
  readonly role: string | undefined;
  readonly durationText: string;
  readonly reason: string;
  readonly ticket: string | undefined;
  /** By provider, then by field. */
  readonly input: TypedInput;
  readonly isBreakGlass: boolean;
} {
  const { values } = view.state;
  // A block has one element.
  const valueOf = (blockId: string) => Object.values(values[blockId] ?? {})[0];
  const typed = (blockId: string): string => valueOf(blockId)?.value?.trim() ?? "";
  const resource = valueOf(resourceBlockId)?.selected_option?.value;
  return {
    resource,
    role: resource === undefined ? undefined : valueOf(roleBlockId(resource))?.selected_option?.value,
    durationText: typed(durationBlockId),
    reason: typed(reasonBlockId),
    ticket: readTicket(typed(ticketBlockId)),
    input: readFields(Object.keys(values), typed),
    isBreakGlass: (valueOf(breakGlassBlockId)?.selected_options ?? []).length > 0,
  };
}

function readFields(blockIds: readonly string[], typed: (blockId: string) => string): TypedInput {
  const input: Record<string, Record<string, string>> = {};
  for (const blockId of blockIds) {
    const named = readFieldBlockId(blockId);
    if (named) input[named.provider] = { ...input[named.provider], [named.field]: typed(blockId) };
  }
  return input;
}
