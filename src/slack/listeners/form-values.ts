import type { ViewOutput } from "@slack/bolt";
import type { TypedInput } from "../../policy/decide/ask.ts";
import { readTicket } from "../ticket-text.ts";
import {
  breakGlassBlockId,
  durationBlockId,
  inputActionId,
  readFieldBlockId,
  reasonBlockId,
  resourceActionId,
  resourceBlockId,
  roleActionId,
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
  const resource = values[resourceBlockId]?.[resourceActionId]?.selected_option?.value;
  const role =
    resource === undefined
      ? undefined
      : values[roleBlockId(resource)]?.[roleActionId]?.selected_option?.value;
  const typed = (blockId: string): string => values[blockId]?.[inputActionId]?.value?.trim() ?? "";
  return {
    resource,
    role,
    durationText: typed(durationBlockId),
    reason: typed(reasonBlockId),
    ticket: readTicket(typed(ticketBlockId)),
    input: readFields(Object.keys(values), typed),
    isBreakGlass: (values[breakGlassBlockId]?.[inputActionId]?.selected_options ?? []).length > 0,
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
