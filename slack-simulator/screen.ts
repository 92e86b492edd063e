import { withValue, type PlacedElement } from "./elements.ts";
import { formElements, seeView } from "./form.ts";
import { objectsOf, type JsonObject } from "./json.ts";
import type { Channel, Message, OpenView, User } from "./model.ts";
import type { Place } from "./payloads.ts";
import { allBlocks, canSee, channelLabel, seeMessage, type SeenMessage } from "./seen.ts";
import type { Views } from "./views.ts";
import type { Workspace } from "./workspace.ts";

/** A message by where it stands; anything seen will do. */
export type MessageRef = Pick<SeenMessage, "channelId" | "ts">;
export type On = MessageRef | "modal" | "home";

export interface ScreenDeps {
  readonly workspace: Workspace;
  readonly views: Views;
}

/** What a person wanted to use is not there for them; the message says what is. */
export class NotOnScreen extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotOnScreen";
  }
}

/** The button may still come, or have gone: the message is there without it. */
export class NoSuchButton extends NotOnScreen {}

/** What a person has in front of them. Every lookup throws NotOnScreen where the thing wanted is not there. */
export interface Screen {
  readonly id: string;
  readonly me: () => User;
  readonly topModal: () => OpenView;
  readonly messageAt: (ref: MessageRef) => { readonly message: Message; readonly channel: Channel };
  readonly placeOf: (on: On) => {
    readonly place: Place;
    readonly blocks: readonly JsonObject[];
    readonly shown: string;
  };
  /** A view of this person's that nothing lies on. */
  readonly viewAt: (viewId: string) => OpenView;
  readonly field: (on: On, label: string) => { readonly place: Place; readonly placed: PlacedElement };
  /** Puts a value into a field without telling the app. */
  readonly enter: (place: Place, placed: PlacedElement, value: JsonObject) => void;
  /** The same place as it stands now: the app may have changed it since it was looked up. */
  readonly current: (place: Place) => Place;
}

/** Builds the screen of the person of this user name. */
export function createScreen({ workspace, views }: ScreenDeps, name: string): Screen {
  const found = workspace.users().find((user) => user.name === name);
  if (found === undefined) {
    throw new NotOnScreen(
      `No user "${name}"; there are ${quoted(workspace.users().map((user) => user.name))}`,
    );
  }
  const { id } = found;
  const me = (): User => workspace.user(id) ?? found;

  function topModal(): OpenView {
    const top = workspace.modals(id).at(-1);
    if (top === undefined) throw new NotOnScreen(`${name} has no modal open`);
    return top;
  }

  function messageAt(ref: MessageRef): ReturnType<Screen["messageAt"]> {
    const channel = workspace.channel(ref.channelId);
    const message = workspace.message(ref.channelId, ref.ts);
    if (channel === undefined || message === undefined) {
      throw new NotOnScreen(`There is no message ${ref.channelId} ${ref.ts} (any more)`);
    }
    const isMine = message.visibleTo === undefined ? canSee(me(), channel) : message.visibleTo === id;
    if (!isMine)
      throw new NotOnScreen(`${name} cannot see that message in ${channelLabel(workspace, channel)}`);
    return { message, channel };
  }

  function viewAt(viewId: string): OpenView {
    const view = views.find(viewId);
    if (view === undefined || view.userId !== id) throw new NotOnScreen("That window is not open any more");
    if (view.kind === "modal" && view.id !== topModal().id) {
      throw new NotOnScreen("Another window lies on top of that one");
    }
    return view;
  }

  function placeOf(on: On): ReturnType<Screen["placeOf"]> {
    if (on === "modal" || on === "home") {
      const view = on === "modal" ? topModal() : workspace.home(id);
      if (view === undefined) throw new NotOnScreen(`${name} has no Home tab yet`);
      const { title, text } = seeView(workspace, view);
      return {
        place: { kind: "view", view },
        blocks: objectsOf(view.definition.blocks),
        shown: title || text,
      };
    }
    const { message, channel } = messageAt(on);
    return {
      place: { kind: "message", message, channel },
      blocks: allBlocks(message),
      shown: seeMessage(workspace, message).visibleText,
    };
  }

  return {
    id,
    me,
    topModal,
    messageAt,
    placeOf,
    viewAt,
    field: (on, label) => {
      const { place, blocks } = placeOf(on);
      const fields = formElements(blocks);
      const placed =
        fields.find((one) => one.label === label) ?? fields.find((one) => one.actionId === label);
      if (placed === undefined) {
        throw new NotOnScreen(`No field "${label}"; there are ${quoted(fields.map((one) => one.label))}`);
      }
      return { place, placed };
    },
    enter: (place, placed, value) => {
      if (place.kind === "view") {
        const open = views.find(place.view.id) ?? place.view;
        views.change(open, { values: withValue(open.values, placed, value) });
        return;
      }
      const message = workspace.message(place.message.channelId, place.message.ts) ?? place.message;
      const inputs = { ...message.inputs, [id]: withValue(message.inputs[id] ?? {}, placed, value) };
      workspace.putMessage({ ...message, inputs });
    },
    current: (place) => {
      if (place.kind === "view") return { ...place, view: views.find(place.view.id) ?? place.view };
      const { channelId, ts } = place.message;
      return { ...place, message: workspace.message(channelId, ts) ?? place.message };
    },
  };
}

/** A list of names as an error message shows it. */
export function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(", ");
}
