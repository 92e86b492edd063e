import type { Deed, Done, Place as PlaceRef } from "../protocol.ts";
import type { Outcome } from "../../slack-simulator/delivery.ts";
import { interactiveElements, type PlacedElement } from "../../slack-simulator/elements.ts";
import { enteredValue } from "../../slack-simulator/entered.ts";
import { createHands, type Hands } from "../../slack-simulator/hands.ts";
import { objectOf, objectsOf, type JsonObject } from "../../slack-simulator/json.ts";
import type { Channel } from "../../slack-simulator/model.ts";
import type { Place } from "../../slack-simulator/payloads.ts";
import { createScreen, NotOnScreen, type Screen } from "../../slack-simulator/screen.ts";
import { allBlocks, canSee, pressables } from "../../slack-simulator/seen.ts";
import type { SlackServer } from "../../slack-simulator/server.ts";
import type { Stage } from "../stage/stage.ts";
import { userOnStage, type ScreenDeps } from "./screens.ts";
import { written } from "./written.ts";

type Kind<K extends Deed["do"]> = Extract<Deed, { readonly do: K }>;
type PersonalDeed = Extract<Deed, { readonly as: string }>;

/** Somebody at the page: what they see and what they do with it. */
interface Actor {
  readonly stage: Stage;
  readonly slack: SlackServer;
  readonly screen: Screen;
  readonly hands: Hands;
}

const OK: Done = { ok: true };

// A moment past the deadline: what ends at ten has not ended at ten sharp.
const PAST_DEADLINE_MS = 1000;

/** Does what the page asks for. What the person cannot do comes back as words; only bugs are thrown. */
export async function carryOut(deps: ScreenDeps, deed: Deed): Promise<Done> {
  const { stage, pulse, faults } = deps;
  try {
    if ("as" in deed) {
      const done = await act(actorNamed(stage, deed.as), deed);
      if (deed.do === "sql") void pulse.refresh();
      return done;
    }
    if (deed.do === "move_clock") return await moveClock(deps, deed.by);
    faults.switch(deed.fault, deed.on);
    pulse.tell();
    return OK;
  } catch (error) {
    if (!(error instanceof NotOnScreen)) throw error;
    return { ok: false, why: error.message };
  }
}

function actorNamed(stage: Stage, name: string): Actor {
  const user = userOnStage(stage, name);
  if (user === undefined) throw new NotOnScreen(`There is no "${name}" to be here`);
  if (user.deleted) {
    throw new NotOnScreen(`${user.realName} is deactivated: Slack has signed them out. Be somebody else.`);
  }
  const { slack } = stage;
  const screen = createScreen(slack, name);
  return { stage, slack, screen, hands: createHands(slack, screen) };
}

async function act(actor: Actor, deed: PersonalDeed): Promise<Done> {
  const { stage, slack, screen, hands } = actor;
  switch (deed.do) {
    case "say":
      return say(actor, deed);
    case "press":
      return clicked(slack, await press(actor, deed));
    case "enter": {
      const { place, placed } = elementAt(actor, deed);
      const value = enteredValue(slack.workspace, screen.me(), placed, deed.value);
      return clicked(slack, await hands.enter(place, placed, value));
    }
    case "suggest":
      return suggest(actor, deed);
    case "submit":
      // Whatever goes wrong shows in the window itself.
      await hands.submit(screen.viewAt(deed.viewId));
      return OK;
    case "close":
      await slack.interactions.close(screen.me(), screen.viewAt(deed.viewId), false);
      return OK;
    case "open_home":
      inBackground(hands.openHome());
      return OK;
    case "sql":
      return { ok: true, sql: await stage.orders.run(deed.as, deed.sql) };
  }
}

async function say({ slack, screen, hands }: Actor, deed: Kind<"say">): Promise<Done> {
  const { workspace } = slack;
  const channel = channelAt(slack, screen, deed.channelId);
  if (channel.isArchived) throw new NotOnScreen(`#${channel.name} is archived: nobody can write there`);
  if (deed.threadTs !== undefined) screen.messageAt({ channelId: channel.id, ts: deed.threadTs });
  if (deed.text.startsWith("/")) {
    // What goes wrong, Slackbot tells them in the channel.
    await hands.type(channel, deed.text, deed.threadTs);
    return OK;
  }
  // Nobody waits for the app to have heard: Slack may try for minutes.
  inBackground(hands.type(channel, written(workspace, deed.text), deed.threadTs));
  return OK;
}

async function press(actor: Actor, deed: Kind<"press">): Promise<Outcome> {
  const { place, blocks } = standing(actor, deed.place);
  const chosen = objectOf(deed.value?.selected_option).value;
  const pressable = pressables(blocks).find(
    ({ placed, action }) =>
      placed.blockId === deed.blockId &&
      placed.actionId === deed.actionId &&
      objectOf(action.selected_option).value === chosen,
  );
  if (pressable === undefined) throw new NotOnScreen("That button is not there any more");
  return actor.hands.press(place, pressable.action);
}

async function suggest(actor: Actor, deed: Kind<"suggest">): Promise<Done> {
  const { slack, screen } = actor;
  const { place, placed } = elementAt(actor, deed);
  const failures = (): number => slack.workspace.failedInteractions().length;
  const before = failures();
  const options = await slack.interactions.suggest(screen.me(), place, placed, deed.typed);
  if (options.length === 0 && failures() > before) {
    return {
      ok: false,
      why: `The options could not be loaded: ${appName(slack)} did not answer. Try again?`,
    };
  }
  return { ok: true, options };
}

async function moveClock({ stage, pulse }: ScreenDeps, by: number | "to_next"): Promise<Done> {
  const { clock } = stage;
  if (by === "to_next") {
    const next = await clock.next();
    if (next === null) {
      throw new NotOnScreen("Nothing ends by itself now: ask for access first, and have it approved.");
    }
    clock.advance(Math.max(next.at - clock.now(), 0) + PAST_DEADLINE_MS);
  } else {
    clock.advance(by);
  }
  void pulse.refresh();
  return OK;
}

function channelAt({ workspace }: SlackServer, screen: Screen, channelId: string): Channel {
  const channel = workspace.channel(channelId);
  if (channel === undefined || !canSee(screen.me(), channel)) {
    throw new NotOnScreen(`${screen.me().realName} sees no channel ${channelId}`);
  }
  return channel;
}

function standing(
  { screen }: Actor,
  ref: PlaceRef,
): { readonly place: Place; readonly blocks: readonly JsonObject[] } {
  if (ref.kind === "view") {
    const view = screen.viewAt(ref.viewId);
    return { place: { kind: "view", view }, blocks: objectsOf(view.definition.blocks) };
  }
  const { message, channel } = screen.messageAt(ref);
  return { place: { kind: "message", message, channel }, blocks: allBlocks(message) };
}

function elementAt(
  actor: Actor,
  deed: Kind<"enter"> | Kind<"suggest">,
): { readonly place: Place; readonly placed: PlacedElement } {
  const { place, blocks } = standing(actor, deed.place);
  const placed = interactiveElements(blocks).find(
    (one) => one.blockId === deed.blockId && one.actionId === deed.actionId,
  );
  if (placed === undefined) throw new NotOnScreen("That field is not there any more");
  return { place, placed };
}

/** A click shows nothing of its own when it fails, so the page says what Slack's client would. */
function clicked(slack: SlackServer, outcome: Outcome | undefined): Done {
  if (outcome === undefined || outcome.status === "acked") return OK;
  const why =
    outcome.status === "timeout"
      ? `operation_timeout: ${appName(slack)} did not acknowledge within 3 seconds`
      : `dispatch_failed: ${appName(slack)} could not be reached, ${outcome.delivery.status}`;
  return { ok: false, why: `We had some trouble connecting. Try again? (${why})` };
}

function appName({ workspace }: SlackServer): string {
  return workspace.user(workspace.app.botUserId)?.realName ?? workspace.app.name;
}

function inBackground(doing: Promise<unknown>): void {
  doing.catch((error: unknown) => console.error("The playground's Slack failed to deliver:", error));
}
