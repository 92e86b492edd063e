import { z } from "zod";

/** The id of an account, a workspace or a channel. */
const Id = z.string().regex(/^[A-Z0-9]{1,255}$/u);
/** Any other identifier of Slack's; it becomes part of our keys. */
const Token = z.string().regex(/^[\x21-\x7e]{1,255}$/u);

const Named = z.looseObject({ id: Id });

const Chosen = z.looseObject({ value: z.string() });

/** The value of one form element. */
const Entered = z.looseObject({
  value: z.string().nullish(),
  selected_option: Chosen.nullish(),
  selected_options: z.array(Chosen).nullish(),
});

const View = z.looseObject({
  id: Token,
  callback_id: z.string(),
  private_metadata: z.string(),
  hash: Token.optional(),
  state: z.looseObject({ values: z.record(z.string(), z.record(z.string(), Entered)) }),
});

const Interaction = z.looseObject({
  user: z.looseObject({ id: Id, team_id: Id.optional() }),
  team: Named.nullish(),
  enterprise: Named.nullish(),
  channel: Named.optional(),
  container: z.looseObject({ message_ts: Token.optional() }).optional(),
  response_url: z.string().optional(),
  response_urls: z.array(z.looseObject({ response_url: z.string() })).optional(),
  // Bolt decides by these fields what was delivered, before it looks at the type.
  event: z.undefined().optional(),
  command: z.undefined().optional(),
});

const Action = z.looseObject({ action_id: z.string(), action_ts: Token });
const Select = Action.extend({ selected_option: Chosen });

/** Interactions, for which somebody is waiting. */
const Asked = z.discriminatedUnion("type", [
  Interaction.extend({
    type: z.literal("block_actions"),
    trigger_id: Token,
    view: View.optional(),
    actions: z
      .array(
        z.discriminatedUnion("type", [
          Action.extend({ type: z.literal("button"), value: z.string().optional() }),
          Select.extend({ type: z.literal("static_select") }),
          Select.extend({ type: z.literal("external_select") }),
          Action.extend({ type: z.literal("plain_text_input"), value: z.string().nullish() }),
          Action.extend({ type: z.literal("checkboxes"), selected_options: z.array(Chosen) }),
        ]),
      )
      .min(1),
  }),
  Interaction.extend({
    type: z.literal("block_suggestion"),
    action_id: z.string(),
    value: z.string(),
    view: View.optional(),
  }),
  Interaction.extend({ type: z.literal("view_submission"), view: View }),
]);

const Command = z.looseObject({
  command: z.string(),
  text: z.string().default(""),
  user_id: Id,
  // The team a person is working in; the account says which team they belong to.
  team_id: Id.or(z.literal("")).default(""),
  channel_id: Id,
  trigger_id: Token,
  response_url: z.string(),
  event: z.undefined().optional(),
});

const User = z.looseObject({
  id: Id,
  team_id: Id.optional(),
  enterprise_user: z.looseObject({ enterprise_id: Id.optional() }).optional(),
  name: z.string().optional(),
  real_name: z.string().optional(),
  profile: z.looseObject({ real_name: z.string().optional(), email: z.string().optional() }).optional(),
  updated: z.number().optional(),
});

/** The events Hallpass listens to. Their other fields are dropped, because Bolt would look into them. */
const Told = z.object({
  event: z.discriminatedUnion("type", [
    z.object({ type: z.literal("user_change"), user: User }),
    z.object({ type: z.enum(["channel_shared", "channel_unshared"]), channel: Id }),
    z.object({ type: z.enum(["subteam_created", "subteam_updated", "subteam_members_changed"]) }),
  ]),
});

export type Payload =
  | { readonly isUnderstood: true; readonly body: Readonly<Record<string, unknown>> }
  | {
      readonly isUnderstood: false;
      /** The type it claims to be, if any. */
      readonly type: string;
      /** Slack redelivers a refused event, and in the end stops sending events. */
      readonly isEvent: boolean;
    };

/** Validates a payload from either transport, so that Bolt and the listeners only see what they can read. */
export function readPayload(body: unknown): Payload {
  const { success, data } = Shape.safeParse(body);
  if (!success) return { isUnderstood: false, type: typeof body, isEvent: false };
  const isEvent = data.event !== undefined;
  const read = (isEvent ? Told : data.command === undefined ? Asked : Command).safeParse(body);
  if (read.success) return { isUnderstood: true, body: read.data };
  const type = [Typed.safeParse(data.event).data?.type, data.type, data.command].find(isText) ?? "none";
  return { isUnderstood: false, type: type.slice(0, 80), isEvent };
}

const Shape = z.looseObject({
  event: z.unknown().optional(),
  type: z.unknown().optional(),
  command: z.unknown().optional(),
});
const Typed = z.object({ type: z.string() });

function isText(value: unknown): value is string {
  return typeof value === "string";
}
