import { ask, numberOf, opensBy, toldDirectly } from "../support/ask.ts";
import type { Stage } from "./stage.ts";

type Deed = (stage: Stage) => Promise<unknown>;

/** Somebody asks and waits for nothing. */
export function asks(text: string, person = "alice"): Deed {
  return ({ slack }) => slack.as(person).types(`/request-access ${text}`);
}

/** Somebody asks, and a lead approves it. */
export function asksAndIsApproved(text: string): Deed {
  return async (stage) => stage.slack.as("carol").presses(await ask(stage, "alice", text), "Approve");
}

/** A lead approves the latest request. */
export const approves: Deed = (stage) => stage.slack.as("carol").presses(stage.latest(), "Approve");

/** A lead denies the latest request. */
export const denies: Deed = async (stage) => {
  await opensBy(stage, "carol", stage.latest(), "Deny");
  await stage.slack.as("carol").fills("Reason", "not today");
  return stage.slack.as("carol").submits();
};

/** Presses a button on the newest direct message that has it. */
export function pressesInPerson(button: string, person = "alice"): Deed {
  return async ({ slack }) => {
    const message = await slack.until(
      () =>
        slack
          .as(person)
          .directMessages()
          .findLast(({ buttons }) => buttons.includes(button)),
      `a message to ${person} with “${button}”`,
    );
    return slack.as(person).presses(message, button);
  };
}

/** Presses a button on the newest message of the latest request's thread that has it. */
export function pressesInThread(person: string, button: string): Deed {
  return async (stage) => {
    const { slack } = stage;
    const message = await slack.until(
      () => slack.thread(stage.latest()).findLast(({ buttons }) => buttons.includes(button)),
      `a message in the thread with “${button}”`,
    );
    return slack.as(person).presses(message, button);
  };
}

/** Waits until nothing is left to be said. */
export const allIsSaid: Deed = (stage) =>
  stage.slack.until(
    async () =>
      (
        await stage.query(
          "select 1 from effects where queue = 'messages' and done_at is null and due_at <= now() limit 1",
        )
      ).length === 0,
    "all to be said",
  );

/** Somebody gives a person a role in the guarded server, past Hallpass. */
export function givesPastHallpass(role: "read" | "write", person: string): Deed {
  return ({ guarded }) => guarded.query(`grant ${guarded.names[role]} to ${guarded.names.subject(person)}`);
}

/** Somebody takes a role from a person in the guarded server, past Hallpass. */
export function takesPastHallpass(role: "read" | "write", person: string): Deed {
  return ({ guarded }) =>
    guarded.query(`revoke ${guarded.names[role]} from ${guarded.names.subject(person)}`);
}

/** An auditor of break-glass finds it not justified. */
export const objects: Deed = async (stage) => {
  await stage.slack.until(
    () => stage.latest().buttons.includes("Review break-glass"),
    "the button to review",
  );
  await opensBy(stage, "dana", stage.latest(), "Review break-glass");
  await stage.slack.as("dana").chooses("Break-glass", "It was not justified");
  await stage.slack.as("dana").fills("What you found", "nothing was burning");
  return stage.slack.as("dana").submits();
};

/** Whoever asked presses Approve on their latest request. */
export const approvesOwn: Deed = (stage) => stage.slack.as("alice").presses(stage.latest(), "Approve");

/** Whoever asked cancels their latest request where they were told that it waits. */
export const cancelsOwn: Deed = async (stage) => {
  const name = `AR-${numberOf(stage.latest())} `;
  const told = await toldDirectly(stage, "alice", name);
  return stage.slack.as("alice").presses(told, "Cancel request");
};

/** An admin locks a resource or a person down. */
export function locksDown(what = "orders-db"): Deed {
  return ({ slack }) => slack.as("dana").types(`/access lockdown ${what} somebody is inside`);
}

/** An admin lifts that lockdown. */
export function lifts(what = "orders-db"): Deed {
  return ({ slack }) => slack.as("dana").types(`/access lift ${what}`);
}

/** One thing after the other. */
export function inTurn(...deeds: readonly Deed[]): Deed {
  return async (stage) => {
    for (const deed of deeds) await deed(stage);
  };
}
