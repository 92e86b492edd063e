import type { DeliverOptions, Outcome } from "./delivery.ts";
import { seeView, type SeenView } from "./form.ts";
import { createHands, type HandsDeps } from "./hands.ts";
import { objectsOf, type Json } from "./json.ts";
import type { OpenView } from "./model.ts";
import { chosenValue } from "./choices.ts";
import { createScreen, NoSuchButton, quoted, type MessageRef, type On } from "./screen.ts";
import { canSee, pressables, seeFile, seeMessage } from "./seen.ts";
import type { SeenFile, SeenMessage } from "./seen.ts";
import { textObject } from "./visible-text.ts";

/** How an action went: `status` is the HTTP status, `ack` (Socket Mode), `timeout` or why it could not be delivered. */
interface Act {
  readonly ms: number;
  readonly status: number | string;
  readonly ack: Json;
  readonly outcome: Outcome["status"] | "not_sent";
}

interface Submission extends Act {
  /** What the form complains about, by field label. */
  readonly errors?: Readonly<Record<string, string>>;
  /** The submitted modal is gone. */
  readonly closed: boolean;
}

interface PressOptions extends DeliverOptions {
  /** So many clicks, each with a payload of its own; `deliverTimes` repeats one payload instead. */
  readonly concurrently?: boolean;
  readonly deliverTimes?: number;
}

/** Someone in the workspace and all they can do with the app. Labels, options and buttons go by their visible text. */
export interface Person {
  readonly name: string;
  readonly id: string;
  /** Sends a slash command, or an ordinary message where the text does not begin with `/`. */
  readonly types: (
    text: string,
    where?: { readonly in?: string; readonly thread?: MessageRef } & DeliverOptions,
  ) => Promise<Act>;
  readonly modal: () => SeenView | undefined;
  readonly home: () => SeenView | undefined;
  /** Types into a field; dispatches an action where the app asked for one. */
  readonly fills: (
    label: string,
    text: string,
    options?: { readonly pressesEnter?: boolean },
  ) => Promise<Act>;
  /** Picks options of a select, radio group or checkboxes, in the top modal unless told where. */
  readonly chooses: (
    label: string,
    option: string | readonly string[],
    options?: { readonly on?: On },
  ) => Promise<Act>;
  /** Types into an external select and reads what it offers. */
  readonly searches: (
    label: string,
    typed: string,
    options?: { readonly on?: On },
  ) => Promise<readonly string[]>;
  readonly submits: (options?: DeliverOptions) => Promise<Submission>;
  readonly closes: (options?: { readonly all?: boolean }) => Promise<Act>;
  readonly presses: (
    on: On,
    button: string,
    options?: PressOptions,
  ) => Promise<Act & { readonly all: readonly Act[] }>;
  readonly opensHome: () => Promise<Act>;
  readonly usesShortcut: (callbackId: string, on?: MessageRef) => Promise<Act>;
  /** What stands in a channel for this person, their ephemeral messages included. */
  readonly sees: (channel: string) => readonly SeenMessage[];
  /** All the app and this person said to each other, threads included. */
  readonly directMessages: () => readonly SeenMessage[];
  readonly ephemerals: () => readonly SeenMessage[];
  /** Files in conversations this person can see. */
  readonly files: () => readonly SeenFile[];
}

const NOT_SENT: Act = { ms: 0, status: "not_sent", ack: undefined, outcome: "not_sent" };

/** Lets a test or the page act as the person of this user name. */
export function createPerson(deps: HandsDeps, name: string): Person {
  const { workspace, interactions } = deps;
  const screen = createScreen(deps, name);
  const hands = createHands(deps, screen);
  const { id, me, topModal, messageAt, placeOf, field, current } = screen;

  return {
    name,
    id,
    types: async (text, where = {}) => {
      const wanted = where.in ?? "#general";
      const channel = wanted.startsWith("@") ? workspace.directMessage(id) : workspace.findChannel(wanted);
      if (channel === undefined) {
        throw new Error(
          `No channel ${wanted}; there are ${quoted(workspace.channels().map((one) => one.name))}`,
        );
      }
      return act(await hands.type(channel, text, where.thread?.ts, where));
    },
    modal: () => {
      const top = workspace.modals(id).at(-1);
      return top === undefined ? undefined : seeView(workspace, top);
    },
    home: () => {
      const view = workspace.home(id);
      return view === undefined ? undefined : seeView(workspace, view);
    },
    fills: async (label, text, options) => {
      const { place, placed } = field("modal", label);
      const value = chosenValue(workspace, placed, text, []);
      return act(await hands.enter(place, placed, value, options));
    },
    chooses: async (label, option, { on = "modal" } = {}) => {
      const { place, placed } = field(on, label);
      const first = typeof option === "string" ? option : (option[0] ?? "");
      const offered = placed.type.endsWith("external_select")
        ? await interactions.suggest(me(), place, placed, first)
        : [];
      const value = chosenValue(workspace, placed, option, offered);
      return act(await hands.enter(current(place), placed, value));
    },
    searches: async (label, typed, { on = "modal" } = {}) => {
      const { place, placed } = field(on, label);
      const options = await interactions.suggest(me(), place, placed, typed);
      return options.map((option) => textObject(option.text));
    },
    submits: async (options) => {
      const view = topModal();
      const outcome = await hands.submit(view, options);
      const after = workspace.modals(id).find((open) => open.id === view.id);
      const errors = byLabel(view, after?.errors ?? {});
      return {
        ...act(outcome),
        ...(Object.keys(errors).length === 0 ? {} : { errors }),
        closed: after === undefined,
      };
    },
    closes: async ({ all = false } = {}) => act(await interactions.close(me(), topModal(), all)),
    presses: async (on, button, options = {}) => {
      const { place, blocks, shown } = placeOf(on);
      const offered = pressables(blocks);
      const pressable = offered.find((one) => one.text === button);
      if (pressable === undefined) {
        const there = offered.length === 0 ? "no buttons at all" : quoted(offered.map((one) => one.text));
        throw new NoSuchButton(`${name} sees no button "${button}"; there are ${there} on:\n${shown}`);
      }
      const { times = 1, concurrently = false, deliverTimes, how } = options;
      const delivery = {
        ...(deliverTimes === undefined ? {} : { times: deliverTimes }),
        ...(how === undefined ? {} : { how }),
      };
      const press = async (): Promise<Act> => act(await hands.press(place, pressable.action, delivery));
      const acts: Act[] = [];
      if (concurrently) acts.push(...(await Promise.all(Array.from({ length: times }, press))));
      else for (let count = 0; count < times; count += 1) acts.push(await press());
      return { ...(acts[0] ?? NOT_SENT), all: acts };
    },
    opensHome: async () => act(await hands.openHome()),
    usesShortcut: async (callbackId, on) =>
      act(await interactions.shortcut(me(), callbackId, on === undefined ? undefined : messageAt(on))),
    sees: (wanted) => {
      const channel = workspace.findChannel(wanted);
      if (channel === undefined || !canSee(me(), channel)) return [];
      const own = workspace.ephemerals(id).filter((message) => message.channelId === channel.id);
      return [...workspace.timeline(channel.id), ...own]
        .toSorted((a, b) => (a.ts < b.ts ? -1 : 1))
        .map((message) => seeMessage(workspace, message));
    },
    directMessages: () =>
      workspace
        .channels()
        .filter((channel) => channel.kind === "im" && channel.members.includes(id))
        .flatMap((channel) => workspace.messages(channel.id))
        .map((message) => seeMessage(workspace, message)),
    ephemerals: () => workspace.ephemerals(id).map((message) => seeMessage(workspace, message)),
    files: () => {
      const visible = workspace.channels().filter((channel) => canSee(me(), channel));
      return workspace
        .files()
        .filter((file) => visible.some((channel) => file.channelIds.includes(channel.id)))
        .map((file) => seeFile(workspace, file.id));
    },
  };
}

function act(outcome: Outcome | undefined): Act {
  if (outcome === undefined) return NOT_SENT;
  const { status, delivery } = outcome;
  return { ms: delivery.ms, status: delivery.status, ack: delivery.ackBody, outcome: status };
}

function byLabel(view: OpenView, errors: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const blocks = objectsOf(view.definition.blocks);
  return Object.fromEntries(
    Object.entries(errors).map(([blockId, error]) => {
      const block = blocks.find((one) => one.block_id === blockId);
      return [textObject(block?.label) || blockId, error];
    }),
  );
}
