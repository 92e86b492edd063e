import { shorten } from "../../domain/text.ts";
import type { ContextBlock, InputBlock, ModalView, PlainTextOption } from "@slack/types";
import { formatDuration } from "../../domain/duration.ts";
import type { Requestable } from "../../policy/decide/requestable.ts";
import type { AskedField } from "../../policy/decide/input.ts";
import { maxReasonCharacters } from "../../policy/decide/evaluate.ts";

export const requestFormId = "request_access";
export const resourceActionId = "resource";
export const roleActionId = "role";
export const resourceBlockId = "resource";
export const durationBlockId = "duration";
export const reasonBlockId = "reason";
export const ticketBlockId = "ticket";
export const breakGlassBlockId = "break_glass";
export const durationActionId = "duration";
export const breakGlassActionId = "break_glass";
export const inputActionId = "value";

/** The block id of a provider's field; because it stays the same, a typed value stays when the form changes. */
export function fieldBlockId(provider: string, field: string): string {
  return `field:${provider}:${field}`;
}

/** Which provider's field a block is; `undefined` for any other block. */
export function readFieldBlockId(
  blockId: string,
): { readonly provider: string; readonly field: string } | undefined {
  const [, provider, field] = /^field:([^:]+):([^:]+)$/u.exec(blockId) ?? [];
  return provider === undefined || field === undefined ? undefined : { provider, field };
}

/** The block id of the role select; it includes the resource, so that Slack forgets the role chosen for another one. */
export function roleBlockId(resource: string): string {
  return `role-${resource}`;
}

/** Slack's limit for the options of a select; beyond it the options are searched instead. */
const maxOptions = 100;

const title = { type: "plain_text", text: "Request access" } as const;
const close = { type: "plain_text", text: "Cancel" } as const;

/**
 * The request form: what the person may ask for, and once a resource is chosen, its roles and the fields they need.
 * `preview`: what will become of the request, once a role is chosen too. `typed`: the initial values.
 */
export function requestForm(
  requestable: readonly Requestable[],
  { resource: chosen, role: chosenRole, preview, isBreakGlass = false, typed }: FormState = {},
): ModalView {
  const resources = resourceOptions(requestable);
  // The policy may have changed since the choice, and Slack rejects a select without options.
  const isOffered = resources.some(({ value }) => value === chosen);
  const only = resources.length === 1 ? resources[0]?.value : undefined;
  const resource = isOffered ? chosen : only;
  const roles = requestable.filter((entry) => entry.resource === resource);
  const role = roles.length === 1 ? roles[0]?.role : chosenRole;
  const fields = roles.find((entry) => entry.role === role)?.fields ?? [];
  const offersBreakGlass = roles.some(({ mayBreakGlass }) => mayBreakGlass);
  return {
    type: "modal",
    callback_id: requestFormId,
    title,
    submit: { type: "plain_text", text: isBreakGlass && offersBreakGlass ? "Break glass" : "Request access" },
    close,
    private_metadata: JSON.stringify({ resource }),
    blocks: [
      {
        type: "input",
        block_id: resourceBlockId,
        dispatch_action: true,
        label: { type: "plain_text", text: "Resource" },
        element: select(resourceActionId, resources, resource, "What do you need?"),
      },
      ...(resource === undefined
        ? []
        : [
            {
              type: "input" as const,
              block_id: roleBlockId(resource),
              dispatch_action: true,
              label: { type: "plain_text" as const, text: "Role" },
              element: select(
                roleActionId,
                roleOptions(roles),
                roles.length === 1 ? role : typed && role,
                "Which role?",
              ),
            },
          ]),
      ...(preview === undefined ? [] : [previewBlock(preview)]),
      {
        type: "input",
        block_id: durationBlockId,
        dispatch_action: true,
        label: { type: "plain_text", text: "Duration" },
        hint: { type: "plain_text", text: durationHint(roles, role) },
        element: {
          type: "plain_text_input",
          action_id: durationActionId,
          dispatch_action_config: { trigger_actions_on: ["on_character_entered"] },
          initial_value: formatDuration(typed?.durationSeconds ?? offeredSeconds(roles)),
          max_length: 20,
        },
      },
      ...fields.map(fieldInput),
      {
        type: "input",
        block_id: reasonBlockId,
        label: { type: "plain_text", text: "Reason" },
        hint: { type: "plain_text", text: "Approvers and auditors read this." },
        element: {
          type: "plain_text_input",
          action_id: inputActionId,
          multiline: true,
          max_length: maxReasonCharacters,
          ...initially(typed?.reason),
        },
      },
      {
        type: "input",
        block_id: ticketBlockId,
        optional: roles.length === 0 || !roles.every(({ needsTicket }) => needsTicket),
        label: { type: "plain_text", text: "Ticket" },
        element: {
          type: "plain_text_input",
          action_id: inputActionId,
          max_length: 100,
          placeholder: { type: "plain_text", text: "INC-42" },
          ...initially(typed?.ticket),
        },
      },
      ...(offersBreakGlass ? [breakGlassInput] : []),
    ],
  };
}

/** The contents of the form. */
export type FormState = {
  readonly resource?: string | undefined;
  readonly role?: string | undefined;
  readonly preview?: string | undefined;
  /** Emergency is ticked. */
  readonly isBreakGlass?: boolean;
  readonly typed?: {
    readonly durationSeconds: number;
    readonly reason: string;
    readonly ticket: string | undefined;
  };
};

function initially(value: string | undefined): { readonly initial_value?: string } {
  return value === undefined || value === "" ? {} : { initial_value: value };
}

function fieldInput({ provider, name, title: label, description }: AskedField): InputBlock {
  return {
    type: "input",
    block_id: fieldBlockId(provider, name),
    label: { type: "plain_text", text: shorten(label, 2000) },
    hint: {
      type: "plain_text",
      text: shorten(["Approvers read this: no secrets.", description].filter(Boolean).join(" "), 2000),
    },
    element: { type: "plain_text_input", action_id: inputActionId, max_length: 3000 },
  };
}

function previewBlock(text: string): ContextBlock {
  return {
    type: "context",
    block_id: "preview",
    elements: [{ type: "plain_text", text: shorten(text, 2000) }],
  };
}

const breakGlassInput: InputBlock = {
  type: "input",
  block_id: breakGlassBlockId,
  dispatch_action: true,
  optional: true,
  label: { type: "plain_text", text: "Emergency" },
  element: {
    type: "checkboxes",
    action_id: breakGlassActionId,
    options: [
      {
        value: "break_glass",
        text: { type: "plain_text", text: "Break glass: get access now, without approval" },
        description: {
          type: "plain_text",
          text: "It is announced in the alerts channel and reviewed afterwards.",
        },
      },
    ],
  },
};

/** A duration that all roles shown allow: the policy's default, else an hour. */
function offeredSeconds(roles: readonly Requestable[]): number {
  const offered = roles.flatMap(({ defaultDurationSeconds }) => defaultDurationSeconds ?? []);
  const first = offered.length === roles.length ? Math.min(...offered, Infinity) : 3600;
  return Math.min(
    Number.isFinite(first) ? first : 3600,
    ...roles.map(({ maxDurationSeconds }) => maxDurationSeconds),
  );
}

/** Shown while Slack is asked who the person is. */
export function loadingView(): ModalView {
  return plainView("Looking up what you may ask for …");
}

/** A modal of plain text only. */
export function plainView(text: string): ModalView {
  return {
    type: "modal",
    callback_id: "notice",
    title,
    close: { type: "plain_text", text: "Close" },
    blocks: [{ type: "section", text: { type: "plain_text", text: shorten(text, 3000) } }],
  };
}

/** The resources a person may ask for, as options, each once. */
export function resourceOptions(
  requestable: readonly Requestable[],
): readonly (PlainTextOption & { value: string })[] {
  const titles = new Map(requestable.map(({ resource, resourceTitle }) => [resource, resourceTitle]));
  return [...titles].map(([resource, resourceTitle]) => option(resourceTitle, resource));
}

/** The roles of one resource, as options. */
export function roleOptions(
  requestable: readonly Requestable[],
): readonly (PlainTextOption & { value: string })[] {
  return requestable.map(({ role, roleTitle, verdict }) =>
    option(verdict === "allow" ? `${shorten(roleTitle, 60)} (at once)` : roleTitle, role),
  );
}

/** The options whose title or name contains what was typed, ignoring case; at most as many as Slack shows. */
export function matchingOptions(
  options: readonly (PlainTextOption & { value: string })[],
  typed: string,
): readonly PlainTextOption[] {
  const wanted = typed.trim().toLowerCase();
  return options
    .filter(
      ({ text, value }) => text.text.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted),
    )
    .slice(0, maxOptions);
}

/** How long the chosen role is given, else each of them. */
function durationHint(roles: readonly Requestable[], chosen: string | undefined): string {
  const role = roles.find((one) => one.role === chosen);
  const limits = (role ? [role] : roles).map(
    ({ roleTitle, maxDurationSeconds }) => `Up to ${formatDuration(maxDurationSeconds)} for ${roleTitle}.`,
  );
  return shorten([...limits, "For example 45m, 2h or 1h30m."].join(" "), 2000);
}

function option(text: string, value: string): PlainTextOption & { value: string } {
  return { text: { type: "plain_text", text: shorten(text, 75), emoji: false }, value };
}

function select(
  actionId: string,
  options: readonly (PlainTextOption & { value: string })[],
  chosen: string | undefined,
  placeholder: string,
): InputBlock["element"] {
  const initial = options.find(({ value }) => value === chosen);
  const common = {
    action_id: actionId,
    placeholder: { type: "plain_text" as const, text: placeholder },
    ...(initial && { initial_option: initial }),
  };
  return options.length > maxOptions
    ? { type: "external_select", min_query_length: 0, ...common }
    : { type: "static_select", options: [...options], ...common };
}
