import { formElements } from "../../slack-simulator/form.ts";
import { objectsOf, type JsonObject } from "../../slack-simulator/json.ts";
import type { Channel, Message, OpenView, User } from "../../slack-simulator/model.ts";
import { seeMessage, type SeenMessage } from "../../slack-simulator/seen.ts";
import { textObject, visibleText } from "../../slack-simulator/visible-text.ts";
import {
  breakGlassActionId,
  durationActionId,
  resourceActionId,
  roleActionId,
} from "../../src/slack/views/request-form.ts";
import { ask, numberOf, opensBy, threadSays } from "./ask.ts";
import { fillsForm, opensForm } from "./form.ts";
import type { Names } from "../guarded/postgres.ts";
import type { World } from "./hallpass.ts";
import { policyWith } from "./rules.ts";

type Card = {
  readonly requestId: string;
  readonly message: Message;
  readonly channel: Channel;
};

/** A workspace in which every door leads somewhere. */
export type House = {
  readonly world: World;
  /** Alice waits for it. */
  readonly pending: Card;
  /** Alice has it. */
  readonly active: Card;
  /** Erin took it by break-glass. */
  readonly taken: Card;
  /** As alice, bob and dana have filled them in. */
  readonly forms: Readonly<Record<"ask" | "deny" | "review", OpenView>>;
};

/** A way from Slack into Hallpass. */
export type Door = {
  readonly name: string;
  /** To whom it opens: an account refused here is refused for what it is, not for who it is. */
  readonly opensTo: "alice" | "bob" | "dana";
  /** What is recorded as tried; absent where trying changes nothing and is not recorded. */
  readonly attempted?: string;
  /** Who is refused is not told so. */
  readonly isSilent?: true;
  /** Which form the account has open when it comes here. */
  readonly form?: keyof House["forms"];
  /** Acts as the account; resolves once that is acknowledged, with what a select then offers. */
  readonly knock: (house: House, account: User) => Promise<readonly JsonObject[]>;
};

/** The policy of the house. */
export const housePolicy: (names: Names) => string = policyWith(`
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
  - name: writing takes a lead, or broken glass
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
    break_glass: { by: [group:on-call, alice@example.com], review_by: [group:security], within: 24h }
`);

/** Makes a world a house: one request of each kind, and each form filled in. */
export async function furnish(world: World): Promise<House> {
  const { slack } = world;
  const active = await ask(world, "alice", "orders-db read 1h alice has it");
  await slack.as("carol").presses(active, "Approve");
  await threadSays(world, active, "Granted to");
  const taken = await ask(world, "erin", "orders-db write 30m break-glass INC-9 is burning");
  await threadSays(world, taken, "Granted to");
  const pending = await ask(world, "alice", "orders-db write 1h alice waits for it");

  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, {
    resource: "Orders database (production)",
    role: "Read and write",
    duration: "30m",
    reason: "looking",
  });
  await opensBy(world, "bob", pending, "Deny");
  await slack.as("bob").fills("Reason", "use the replica");
  await opensBy(world, "dana", taken, "Review break-glass");
  await slack.as("dana").chooses("Break-glass", "It was justified");
  await slack.as("dana").fills("What you found", "the shop was down");
  const forms = { ask: formOf(world, "alice"), deny: formOf(world, "bob"), review: formOf(world, "dana") };
  await settled(world);
  return {
    world,
    pending: await cardOf(world, pending),
    active: await cardOf(world, active),
    taken: await cardOf(world, taken),
    forms,
  };
}

/** All that Hallpass owed is done, so that nothing changes by itself any more. */
function settled(world: World): Promise<unknown> {
  return world.slack.until(async () => {
    const owed = await world.query("select 1 from effects where done_at is null and due_at <= now()");
    return owed.length === 0;
  }, "all that is owed to be done");
}

async function cardOf(world: World, seen: SeenMessage): Promise<Card> {
  const { workspace } = world.slack;
  const message = workspace.message(seen.channelId, seen.ts);
  const channel = workspace.channel(seen.channelId);
  const [row] = await world.query<{ id: string }>("select id from access_requests where number = $1", [
    numberOf(seen),
  ]);
  if (!message || !channel || !row) throw new Error(`nothing is known of: ${seen.visibleText}`);
  return { message, channel, requestId: row.id };
}

function formOf({ slack }: World, name: string): OpenView {
  const view = slack.workspace.modals(slack.as(name).id).at(-1);
  if (!view) throw new Error(`${name} has no form open`);
  return view;
}

/** Whatever Hallpass knows but who tried what in vain. */
export function everything(world: World): Promise<unknown> {
  return Promise.all([
    world.query("select * from access_requests order by id"),
    world.query("select * from grants order by id"),
    world.query("select * from lockdowns order by 1"),
    world.query("select id, kind, done_at is null as open from effects order by id"),
    world.query("select seq, type from audit_events where type <> 'decision.refused' order by seq"),
  ]);
}

/** What an account was told: alone in a channel, or in the window that is open. */
export function toldTo({ slack: { workspace } }: World, { id }: User): readonly string[] {
  const window = workspace.modals(id).at(-1);
  const errors = Object.values(window?.errors ?? {});
  const isForm = textObject(window?.definition.submit) !== "";
  return [
    ...workspace.ephemerals(id).map((message) => seeMessage(workspace, message).visibleText),
    ...errors,
    ...(window && !isForm ? [visibleText(objectsOf(window.definition.blocks))] : []),
  ];
}

/** Whether the window in front of an account is not as it was when it came to this door. */
export function isWindowChanged({ world, forms }: House, { form }: Door, { id }: User): boolean {
  const hash = world.slack.workspace.modals(id).at(-1)?.hash;
  return hash !== (form && forms[form].hash);
}

function command(text: string): Door["knock"] {
  return async ({ world: { slack }, active }, account) => {
    const [, word = "", rest = ""] = /^(\/\S+) ?(.*)$/.exec(text) ?? [];
    await slack.interactions.command(account, active.channel, word, rest);
    return [];
  };
}

function button(which: "pending" | "active" | "taken", actionId: string): Door["knock"] {
  return async (house, account) => {
    const { message, channel, requestId } = house[which];
    await act(
      house,
      account,
      { kind: "message", message, channel },
      {
        type: "button",
        action_id: actionId,
        block_id: "buttons",
        value: requestId,
      },
    );
    return [];
  };
}

async function act(
  { world: { slack } }: House,
  account: User,
  place: Parameters<World["slack"]["interactions"]["act"]>[1],
  action: JsonObject,
): Promise<void> {
  await slack.interactions.act(account, place, action);
}

/** The form as the account has it open, from a time when it might. */
function open({ world, forms }: House, which: keyof House["forms"], account: User): OpenView {
  const { workspace } = world.slack;
  const id = workspace.nextId("V");
  const view = { ...forms[which], id, rootId: id, userId: account.id };
  workspace.putModals(account.id, [view]);
  return view;
}

function submit(which: keyof House["forms"]): Door["knock"] {
  return async (house, account) => {
    await house.world.slack.interactions.submit(account, open(house, which, account));
    return [];
  };
}

function select(actionId: string): Door["knock"] {
  return async (house, account) => {
    const view = open(house, "ask", account);
    const placed = placedIn(view, actionId);
    // What was not touched has no value: a box that was ticked and is not any more says so.
    const value = view.values[placed.blockId]?.[actionId] ?? { type: placed.type, selected_options: [] };
    await act(
      house,
      account,
      { kind: "view", view },
      { ...value, block_id: placed.blockId, action_id: actionId },
    );
    return [];
  };
}

function options(actionId: string): Door["knock"] {
  return (house, account) => {
    const view = open(house, "ask", account);
    return house.world.slack.interactions.suggest(
      account,
      { kind: "view", view },
      placedIn(view, actionId),
      "",
    );
  };
}

function placedIn(view: OpenView, actionId: string): ReturnType<typeof formElements>[number] {
  const placed = formElements(objectsOf(view.definition.blocks)).find((one) => one.actionId === actionId);
  if (!placed) throw new Error(`the form has no ${actionId}`);
  return placed;
}

/** Every way in that there is. */
export const doors: readonly Door[] = [
  { name: "/request-access", opensTo: "alice", attempted: "request", knock: command("/request-access") },
  {
    name: "/request-access with text",
    opensTo: "alice",
    attempted: "request",
    knock: command("/request-access orders-db read 1h by command"),
  },
  { name: "/access mine", opensTo: "alice", attempted: "access", knock: command("/access mine") },
  {
    name: "/access lockdown",
    opensTo: "dana",
    attempted: "access",
    knock: command("/access lockdown ghost-db something is wrong"),
  },
  { name: "/access lift", opensTo: "dana", attempted: "access", knock: command("/access lift ghost-db") },
  {
    name: "/access-audit who",
    opensTo: "dana",
    attempted: "audit",
    knock: command("/access-audit who orders-db:read at 2026-03-03"),
  },
  {
    name: "/access-audit export",
    opensTo: "dana",
    attempted: "audit",
    knock: command("/access-audit export since 30d"),
  },
  {
    name: "the resource's options",
    opensTo: "alice",
    isSilent: true,
    form: "ask",
    knock: options(resourceActionId),
  },
  { name: "the role's options", opensTo: "alice", isSilent: true, form: "ask", knock: options(roleActionId) },
  { name: "the select of a resource", opensTo: "alice", form: "ask", knock: select(resourceActionId) },
  { name: "the select of a role", opensTo: "alice", form: "ask", knock: select(roleActionId) },
  { name: "the duration", opensTo: "alice", form: "ask", knock: select(durationActionId) },
  { name: "Emergency", opensTo: "alice", form: "ask", knock: select(breakGlassActionId) },
  { name: "the form to ask", opensTo: "alice", attempted: "request", form: "ask", knock: submit("ask") },
  { name: "the form to deny", opensTo: "bob", attempted: "deny", form: "deny", knock: submit("deny") },
  {
    name: "the form to review",
    opensTo: "dana",
    attempted: "review",
    form: "review",
    knock: submit("review"),
  },
  { name: "Deny", opensTo: "bob", attempted: "deny", knock: button("pending", "deny_request") },
  { name: "Approve", opensTo: "bob", attempted: "approve", knock: button("pending", "approve_request") },
  { name: "Review", opensTo: "dana", attempted: "review", knock: button("taken", "review_break_glass") },
  { name: "Start", opensTo: "alice", attempted: "start", knock: button("active", "start_access") },
  { name: "Extend", opensTo: "alice", attempted: "extend", knock: button("active", "extend_access") },
  { name: "Try now", opensTo: "alice", attempted: "try", knock: button("active", "try_revocation") },
  { name: "End access", opensTo: "alice", attempted: "end", knock: button("active", "end_access") },
  { name: "Show", opensTo: "alice", attempted: "show", knock: button("active", "show_handover") },
  { name: "Cancel", opensTo: "alice", attempted: "cancel", knock: button("pending", "cancel_request") },
];
