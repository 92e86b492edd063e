import { interactiveElements, valuesOf, type PlacedElement } from "./elements.ts";
import { objectsOf, textOf, type JsonObject } from "./json.ts";
import { messageShape } from "./messages.ts";
import type { Channel, Message, OpenView, Team, User } from "./model.ts";
import type { ResponseUrls } from "./response-urls.ts";
import { allBlocks } from "./seen.ts";
import type { Triggers } from "./triggers.ts";
import type { Views } from "./views.ts";
import type { Workspace } from "./workspace.ts";

/** Where an element stands: on a message, or in a modal or Home tab. */
export type Place =
  | { readonly kind: "message"; readonly message: Message; readonly channel: Channel }
  | { readonly kind: "view"; readonly view: OpenView };

export interface Payloads {
  readonly command: (user: User, channel: Channel, command: string, text: string) => JsonObject;
  readonly blockActions: (user: User, place: Place, action: JsonObject) => JsonObject;
  readonly suggestion: (user: User, place: Place, element: PlacedElement, typed: string) => JsonObject;
  readonly viewSubmission: (user: User, view: OpenView) => JsonObject;
  readonly viewClosed: (user: User, view: OpenView, isCleared: boolean) => JsonObject;
  readonly shortcut: (user: User, callbackId: string) => JsonObject;
  readonly messageShortcut: (
    user: User,
    callbackId: string,
    message: Message,
    channel: Channel,
  ) => JsonObject;
  readonly event: (event: JsonObject, isExtSharedChannel?: boolean) => JsonObject;
}

export interface PayloadDeps {
  readonly workspace: Workspace;
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  readonly views: Views;
}

// Slack still sends it and asks nobody to look at it.
const VERIFICATION_TOKEN = "deprecated-verification-token";

/** Builds the payloads Slack sends, each with its own fresh trigger and response_url. */
export function createPayloads({ workspace, triggers, responseUrls, views }: PayloadDeps): Payloads {
  const { app, team } = workspace;
  const isOrgWide = app.isOrgWide === true;
  const enterprise = team.enterprise ?? null;

  /** The workspace somebody sits in, which need not be their home. */
  function seatOf(user: User): Team {
    const isAtHome = user.isStranger || (isOrgWide && user.teamId !== user.enterpriseId);
    if (!isAtHome || user.teamId === team.id) return team;
    return {
      ...(team.enterprise && !user.isStranger && { enterprise: team.enterprise }),
      id: user.teamId,
      name: "Elsewhere",
      domain: "elsewhere",
    };
  }

  function base(type: string, user: User): JsonObject {
    const seat = seatOf(user);
    return {
      type,
      // Where the person sits, which may be our workspace for a stranger and another for one of ours.
      team: isOrgWide ? null : { id: seat.id, domain: seat.domain, ...organisation(seat) },
      user: { id: user.id, username: user.name, name: user.name, team_id: user.teamId },
      api_app_id: app.id,
      token: VERIFICATION_TOKEN,
      enterprise: enterprise && { ...enterprise },
      is_enterprise_install: isOrgWide,
    };
  }

  function standing(place: Place): JsonObject {
    if (place.kind === "view") {
      return {
        container: { type: "view", view_id: place.view.id },
        view: views.shape(place.view),
      };
    }
    const { message, channel } = place;
    const isEphemeral = message.visibleTo !== undefined;
    const thread = message.threadTs === undefined ? {} : { thread_ts: message.threadTs };
    return {
      container: {
        type: "message",
        message_ts: message.ts,
        channel_id: channel.id,
        is_ephemeral: isEphemeral,
        ...thread,
      },
      channel: { id: channel.id, name: shownName(channel) },
      ...(isEphemeral ? {} : { message: messageShape(workspace, message) }),
    };
  }

  // Only selects with `response_url_enabled` bring one, each for the conversation chosen in it.
  function conversationsChosen(user: User, view: OpenView): readonly JsonObject[] {
    return interactiveElements(objectsOf(view.definition.blocks))
      .filter((placed) => placed.element.response_url_enabled === true)
      .flatMap(({ blockId, actionId }) => {
        const value = view.values[blockId]?.[actionId];
        const channelId = textOf(value?.selected_conversation) || textOf(value?.selected_channel);
        if (channelId === "") return [];
        const url = responseUrls.issue({ channelId, userId: user.id });
        return [{ block_id: blockId, action_id: actionId, channel_id: channelId, response_url: url }];
      });
  }

  return {
    command: (user, channel, command, text) => ({
      token: VERIFICATION_TOKEN,
      team_id: seatOf(user).id,
      team_domain: seatOf(user).domain,
      ...organisation(seatOf(user)),
      channel_id: channel.id,
      channel_name: shownName(channel),
      user_id: user.id,
      user_name: user.name,
      command,
      text,
      api_app_id: app.id,
      is_enterprise_install: String(isOrgWide),
      response_url: responseUrls.issue({ channelId: channel.id, userId: user.id }),
      trigger_id: triggers.issue(user.id),
    }),
    blockActions: (user, place, action) => ({
      ...base("block_actions", user),
      ...standing(place),
      trigger_id: triggers.issue(user.id),
      ...(place.kind === "message"
        ? {
            state: { values: valuesOf(allBlocks(place.message), place.message.inputs[user.id]) },
            response_url: responseUrls.issue({
              channelId: place.channel.id,
              userId: user.id,
              threadTs: place.message.threadTs,
              original: place.message,
            }),
          }
        : {}),
      actions: [{ ...action, action_ts: workspace.nextTs() }],
    }),
    suggestion: (user, place, element, typed) => ({
      ...base("block_suggestion", user),
      ...standing(place),
      block_id: element.blockId,
      action_id: element.actionId,
      value: typed,
    }),
    viewSubmission: (user, view) => ({
      ...base("view_submission", user),
      trigger_id: triggers.issue(user.id),
      view: views.shape(view),
      response_urls: conversationsChosen(user, view),
    }),
    viewClosed: (user, view, isCleared) => ({
      ...base("view_closed", user),
      view: views.shape(view),
      is_cleared: isCleared,
    }),
    shortcut: (user, callbackId) => ({
      ...base("shortcut", user),
      callback_id: callbackId,
      trigger_id: triggers.issue(user.id),
      action_ts: workspace.nextTs(),
    }),
    messageShortcut: (user, callbackId, message, channel) => ({
      ...base("message_action", user),
      callback_id: callbackId,
      trigger_id: triggers.issue(user.id),
      action_ts: workspace.nextTs(),
      message_ts: message.ts,
      channel: { id: channel.id, name: shownName(channel) },
      message: messageShape(workspace, message),
      response_url: responseUrls.issue({ channelId: channel.id, userId: user.id, original: message }),
    }),
    event: (event, isExtSharedChannel = false) => ({
      token: VERIFICATION_TOKEN,
      team_id: team.id,
      ...(enterprise && { enterprise_id: enterprise.id }),
      context_team_id: team.id,
      context_enterprise_id: enterprise?.id ?? null,
      api_app_id: app.id,
      event: { event_ts: workspace.nextTs(), ...event },
      type: "event_callback",
      event_id: workspace.nextId("Ev"),
      event_time: Math.trunc(workspace.now() / 1000),
      authorizations: [
        {
          enterprise_id: enterprise?.id ?? null,
          team_id: isOrgWide ? null : team.id,
          user_id: app.botUserId,
          is_bot: true,
          is_enterprise_install: isOrgWide,
        },
      ],
      is_ext_shared_channel: isExtSharedChannel,
    }),
  };
}

function organisation({ enterprise }: Team): JsonObject {
  return enterprise ? { enterprise_id: enterprise.id, enterprise_name: enterprise.name } : {};
}

/** Slack names neither direct messages nor private channels in its payloads. */
function shownName(channel: Channel): string {
  return { public: channel.name, private: "privategroup", im: "directmessage", mpim: channel.name }[
    channel.kind
  ];
}
