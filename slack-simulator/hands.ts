import type { DeliverOptions, Outcome } from "./delivery.ts";
import type { PlacedElement } from "./elements.ts";
import { clientErrors } from "./form.ts";
import type { Interactions } from "./interactions.ts";
import type { JsonObject } from "./json.ts";
import type { Channel, OpenView } from "./model.ts";
import type { Place } from "./payloads.ts";
import { NotOnScreen, type Screen, type ScreenDeps } from "./screen.ts";

/** What a person does to what is on their screen, as Slack's own client carries it out. Undefined: the app was not told. */
export interface Hands {
  /** A slash command, or an ordinary message where the text does not begin with `/`. */
  readonly type: (
    channel: Channel,
    text: string,
    threadTs: string | undefined,
    options?: DeliverOptions,
  ) => Promise<Outcome | undefined>;
  readonly press: (place: Place, action: JsonObject, options?: DeliverOptions) => Promise<Outcome>;
  /** Puts a value into a field and tells the app where it asked to be told. */
  readonly enter: (
    place: Place,
    placed: PlacedElement,
    value: JsonObject,
    options?: { readonly pressesEnter?: boolean },
  ) => Promise<Outcome | undefined>;
  /** Sends the form, unless Slack's client finds something to complain about; the view then shows it. */
  readonly submit: (view: OpenView, options?: DeliverOptions) => Promise<Outcome | undefined>;
  readonly openHome: () => Promise<Outcome>;
}

export interface HandsDeps extends ScreenDeps {
  readonly interactions: Interactions;
}

/** The hands of the person in front of this screen. */
export function createHands({ workspace, views, interactions }: HandsDeps, screen: Screen): Hands {
  const { id, me, current } = screen;
  return {
    type: async (channel, text, threadTs, options) => {
      const command = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
      if (command === null) return interactions.say(me(), channel, text, threadTs);
      const [, word = "", rest = ""] = command;
      if (threadTs !== undefined) throw new NotOnScreen("Slack takes no slash commands in threads");
      return interactions.command(me(), channel, word, rest.trimEnd(), options);
    },
    press: (place, action, options) => interactions.act(me(), current(place), action, options),
    enter: async (place, placed, value, { pressesEnter = false } = {}) => {
      screen.enter(place, placed, value);
      if (!tellsApp(placed, pressesEnter)) return undefined;
      const action = { ...value, block_id: placed.blockId, action_id: placed.actionId };
      return interactions.act(me(), current(place), action);
    },
    submit: async (view, options) => {
      const errors = clientErrors(view);
      if (Object.keys(errors).length === 0) return interactions.submit(me(), view, options);
      views.change(view, { errors });
      return undefined;
    },
    openHome: () => {
      const view = workspace.home(id);
      const shown = view === undefined ? {} : { view: views.shape(view) };
      const channel = workspace.directMessage(id).id;
      return interactions.event({ type: "app_home_opened", user: id, channel, tab: "home", ...shown });
    },
  };
}

/** Inputs stay silent unless the app asked; a text field then speaks on Enter, or on each character where so configured. */
function tellsApp({ block, type, element }: PlacedElement, pressesEnter: boolean): boolean {
  if (block.type === "input" && block.dispatch_action !== true) return false;
  if (!type.endsWith("_input")) return true;
  return (
    pressesEnter || JSON.stringify(element.dispatch_action_config ?? "").includes("on_character_entered")
  );
}
