import type { ViewOutput } from "@slack/bolt";
import { readTicket } from "../ticket-text.ts";
import {
  breakGlassBlockId,
  durationBlockId,
  inputActionId,
  reasonBlockId,
  resourceActionId,
  resourceBlockId,
  roleActionId,
  roleBlockId,
  ticketBlockId,
} from "../views/request-form.ts";

/** What stands in the form now. */
export function readForm(view: Pick<ViewOutput, "state">): {
  readonly resource: string | undefined;
  readonly role: string | undefined;
  readonly durationText: string;
  readonly reason: string;
  readonly ticket: string | undefined;
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
    isBreakGlass: (values[breakGlassBlockId]?.[inputActionId]?.selected_options ?? []).length > 0,
  };
}
