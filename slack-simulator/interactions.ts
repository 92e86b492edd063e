import type { DeliverOptions, Deliverer, Delivery, DeliveryKind, Outcome } from "./delivery.ts";
import type { PlacedElement } from "./elements.ts";
import { hasText, responseActionViolations, suggestionViolations, wording } from "./limits.ts";
import { isObject, objectOf, objectsOf, textOf, type JsonObject } from "./json.ts";
import { messageFrom } from "./messages.ts";
import { MethodError } from "./method-error.ts";
import { SLACKBOT, type Channel, type Message, type OpenView, type User } from "./model.ts";
import type { Payloads, Place } from "./payloads.ts";
import type { Problems } from "./problems.ts";
import { respond } from "./response-urls.ts";
import type { Views } from "./views.ts";
import type { Workspace } from "./workspace.ts";

/** What Slack does when a person uses the app: deliver, then carry out what the acknowledgement says. */
export interface Interactions {
  /** Undefined for a command the app does not have. */
  readonly command: (
    user: User,
    channel: Channel,
    command: string,
    text: string,
    options?: DeliverOptions,
  ) => Promise<Outcome | undefined>;
  readonly act: (user: User, place: Place, action: JsonObject, options?: DeliverOptions) => Promise<Outcome>;
  readonly suggest: (
    user: User,
    place: Place,
    element: PlacedElement,
    typed: string,
  ) => Promise<readonly JsonObject[]>;
  readonly submit: (user: User, view: OpenView, options?: DeliverOptions) => Promise<Outcome>;
  /** Closes a modal, or all of a person's; undefined where the app did not ask to be told. */
  readonly close: (user: User, view: OpenView, all: boolean) => Promise<Outcome | undefined>;
  /** Posts an ordinary message; the app hears of it (`message.im`, `app_mention`) only where it is spoken to. */
  readonly say: (
    user: User,
    channel: Channel,
    text: string,
    threadTs: string | undefined,
  ) => Promise<Outcome | undefined>;
  readonly shortcut: (
    user: User,
    callbackId: string,
    on?: { readonly message: Message; readonly channel: Channel },
  ) => Promise<Outcome>;
  readonly event: (event: JsonObject, isExtSharedChannel?: boolean) => Promise<Outcome>;
}

export interface InteractionDeps {
  readonly workspace: Workspace;
  readonly views: Views;
  readonly payloads: Payloads;
  readonly deliverer: Deliverer;
  readonly problems: Problems;
  readonly commands: readonly string[] | undefined;
}

const TROUBLE = "We had some trouble connecting. Try again?";

/** Builds the interactions on top of a deliverer. */
export function createInteractions(deps: InteractionDeps): Interactions {
  const { workspace, views, payloads, deliverer, problems } = deps;

  async function interact(
    user: User,
    kind: DeliveryKind,
    payload: JsonObject,
    options?: DeliverOptions,
  ): Promise<Outcome> {
    const outcome = await deliverer.deliver(kind, payload, options);
    const error = failureOf(outcome);
    if (error !== undefined) {
      const type = textOf(payload.type) || "command";
      workspace.putFailedInteraction({ userId: user.id, kind: type, error, at: workspace.now() });
    }
    return outcome;
  }

  function refusal(where: string, error: unknown, delivery: Delivery): void {
    if (!(error instanceof MethodError)) throw error;
    problems.refused(where, `${error.code} ${JSON.stringify(error.details)}`, delivery);
  }

  function slackbotSays(user: User, channel: Channel, text: string): void {
    const author = { userId: SLACKBOT, visibleTo: user.id };
    workspace.putMessage(messageFrom(workspace, { channelId: channel.id }, { text }, author));
  }

  function answerCommand(user: User, channel: Channel, command: string, outcome: Outcome): void {
    const error = failureOf(outcome);
    if (error !== undefined) {
      slackbotSays(user, channel, `${command} failed with the error "${error}"`);
      return;
    }
    const { ackBody } = outcome.delivery;
    const body = isObject(ackBody) ? ackBody : { text: ackBody };
    if (!isObject(ackBody) && !hasText(ackBody)) return;
    try {
      respond(workspace, { channelId: channel.id, userId: user.id }, body);
    } catch (refused) {
      refusal(`acknowledgement of ${command}`, refused, outcome.delivery);
      slackbotSays(user, channel, `${command} failed with the error "dispatch_failed"`);
    }
  }

  function answerSubmission(view: OpenView, outcome: Outcome): void {
    const open = views.find(view.id);
    if (open === undefined) return;
    if (outcome.status !== "acked") {
      views.change(open, { failure: TROUBLE });
      return;
    }
    const { ackBody } = outcome.delivery;
    if (ackBody === undefined || ackBody === null || ackBody === "") {
      views.close(open);
      return;
    }
    const violations = responseActionViolations(ackBody);
    if (violations.length > 0) {
      problems.refused(
        "acknowledgement of view_submission",
        violations.map(wording).join(" "),
        outcome.delivery,
      );
      views.change(open, { failure: TROUBLE });
      return;
    }
    try {
      carryOut(open, objectOf(ackBody));
    } catch (error) {
      refusal("acknowledgement of view_submission", error, outcome.delivery);
      views.change(open, { failure: TROUBLE });
    }
  }

  function carryOut(view: OpenView, body: JsonObject): void {
    switch (textOf(body.response_action)) {
      case "errors": {
        const errors = Object.fromEntries(
          Object.entries(objectOf(body.errors)).map(([id, said]) => [id, textOf(said)]),
        );
        const inputs = objectsOf(view.definition.blocks).filter((block) => block.type === "input");
        const stray = Object.keys(errors).filter((id) => !inputs.some((block) => block.block_id === id));
        if (stray.length > 0) {
          throw new MethodError("invalid_errors", { unknown_input_blocks: stray });
        }
        views.change(view, { errors, failure: undefined });
        return;
      }
      case "update":
        views.update({ viewId: view.id }, body.view);
        return;
      case "push":
        views.push(view.userId, body.view);
        return;
      case "clear":
        views.closeAll(view.userId);
        return;
      default:
        throw new MethodError("invalid_response_action");
    }
  }

  function event(body: JsonObject, isExtSharedChannel?: boolean): Promise<Outcome> {
    return deliverer.deliver("events_api", payloads.event(body, isExtSharedChannel));
  }

  return {
    command: async (user, channel, command, text, options) => {
      if (deps.commands?.includes(command) === false) {
        slackbotSays(user, channel, `${command} is not a valid command.`);
        return undefined;
      }
      const payload = payloads.command(user, channel, command, text);
      const outcome = await interact(user, "slash_commands", payload, options);
      answerCommand(user, channel, command, outcome);
      return outcome;
    },
    act: (user, place, action, options) =>
      interact(user, "interactive", payloads.blockActions(user, place, action), options),
    suggest: async (user, place, element, typed) => {
      const outcome = await interact(user, "interactive", payloads.suggestion(user, place, element, typed));
      if (outcome.status !== "acked") return [];
      const { ackBody } = outcome.delivery;
      const violations = suggestionViolations(ackBody);
      if (violations.length > 0) {
        problems.refused(
          "acknowledgement of block_suggestion",
          violations.map(wording).join(" "),
          outcome.delivery,
        );
        return [];
      }
      const body = objectOf(ackBody);
      return [
        ...objectsOf(body.options),
        ...objectsOf(body.option_groups).flatMap((group) => objectsOf(group.options)),
      ];
    },
    submit: async (user, view, options) => {
      const fresh = views.change(view, { errors: {}, failure: undefined });
      const outcome = await interact(user, "interactive", payloads.viewSubmission(user, fresh), options);
      answerSubmission(fresh, outcome);
      return outcome;
    },
    close: async (user, view, all) => {
      const whole = all || view.definition.clear_on_close === true;
      const closing = whole ? workspace.modals(user.id) : [view];
      if (whole) views.closeAll(user.id);
      else views.close(view);
      const told = closing.filter((one) => one.definition.notify_on_close === true).toReversed();
      const outcomes: Outcome[] = [];
      for (const one of told) {
        outcomes.push(await interact(user, "interactive", payloads.viewClosed(user, one, whole)));
      }
      return outcomes[0];
    },
    shortcut: (user, callbackId, on) =>
      interact(
        user,
        "interactive",
        on === undefined
          ? payloads.shortcut(user, callbackId)
          : payloads.messageShortcut(user, callbackId, on.message, on.channel),
      ),
    say: async (user, channel, text, threadTs) => {
      const message = messageFrom(
        workspace,
        { channelId: channel.id, threadTs },
        { text },
        { userId: user.id },
      );
      workspace.putMessage(message);
      const isDirect = channel.kind === "im";
      if (!isDirect && !text.includes(`<@${workspace.app.botUserId}>`)) return undefined;
      const type = isDirect ? { type: "message", channel_type: "im" } : { type: "app_mention" };
      return event(
        { ...type, user: user.id, text, channel: channel.id, ts: message.ts },
        channel.isExtShared,
      );
    },
    event,
  };
}

function failureOf(outcome: Outcome): "operation_timeout" | "dispatch_failed" | undefined {
  if (outcome.status === "acked") return undefined;
  return outcome.status === "timeout" ? "operation_timeout" : "dispatch_failed";
}
