import { setTimeout as sleep } from "node:timers/promises";
import { encode, signature } from "../../slack-simulator/http-transport.ts";
import type { DeliveryKind, TransportAnswer } from "../../slack-simulator/delivery.ts";
import type { JsonObject } from "../../slack-simulator/json.ts";
import type { Person } from "../../slack-simulator/person.ts";
import { NoSuchButton, type MessageRef } from "../../slack-simulator/screen.ts";
import { channelLabel, seeFile, seeMessage } from "../../slack-simulator/seen.ts";
import type { SeenFile, SeenMessage } from "../../slack-simulator/seen.ts";
import { startSlack as startServer } from "../../slack-simulator/server.ts";
import type { SlackOptions, SlackServer } from "../../slack-simulator/server.ts";

interface RawRequest {
  readonly body: string | Buffer;
  readonly contentType?: string;
  /** Under the app's request URL's host; `/slack/events` unless given. */
  readonly path?: string;
  /** False sends no signature; a string signs with that secret instead. */
  readonly sign?: boolean | string;
  /** Seconds since 1970; now unless given. */
  readonly timestamp?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

interface RawAnswer {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

/** Sends the app whatever a hostile or broken sender might. Only works where the app listens on HTTP. */
interface Raw {
  readonly post: (request: RawRequest) => Promise<RawAnswer>;
  /** A payload encoded and signed as Slack would; see `slack.payloads` for faithful ones to start from. */
  readonly deliver: (kind: DeliveryKind, payload: JsonObject) => Promise<RawAnswer>;
  /** Any text over one connected socket; resolves with its acknowledgement where it has an `envelope_id`. */
  readonly socket: (text: string) => Promise<TransportAnswer>;
}

/** The simulated workspace with what tests need on top: reading as a person would, and waiting. */
export interface Slack extends SlackServer {
  readonly raw: Raw;
  /** What stands in the channel, without the replies in threads. */
  readonly channel: (name: string) => { messages(): readonly SeenMessage[] };
  /** The replies under a message, oldest first, without the message itself. */
  readonly thread: (message: MessageRef) => readonly SeenMessage[];
  /** The message as it stands now. */
  readonly fresh: (message: MessageRef) => SeenMessage;
  readonly files: () => readonly SeenFile[];
  /** Resolves with the condition's first truthy value; looks again on each change of the workspace. Fails with all that is visible. */
  readonly until: <T>(
    condition: () => T | Promise<T>,
    what: string,
    timeoutMs?: number,
  ) => Promise<NonNullable<T>>;
  /** Everything visible in channels, direct messages, ephemerals and modals, for failure messages. */
  readonly describe: () => string;
}

/** How soon a condition is looked at again that may depend on more than the workspace, twice as long each time. */
const LOOK_AGAIN_MS = { first: 10, longest: 200 };
/** Slack and people wait three seconds, and a busy machine is no fault of Hallpass; what tests of time need they say. */
const PATIENCE_MS = 30_000;

/** Starts a simulated Slack and drives it as people would. */
export async function startSlack(options: SlackOptions = {}): Promise<Slack> {
  const server = await startServer({ ackTimeoutMs: PATIENCE_MS, triggerLifetimeMs: PATIENCE_MS, ...options });
  const { workspace } = server;
  const see = (message: Parameters<typeof seeMessage>[1]): SeenMessage => seeMessage(workspace, message);

  function channel(name: string): ReturnType<Slack["channel"]> {
    const found = workspace.findChannel(name);
    if (found === undefined) throw new Error(`No channel ${name}`);
    return { messages: () => workspace.timeline(found.id).map(see) };
  }

  function describe(): string {
    const conversations = workspace
      .channels()
      .map((one) => [channelLabel(workspace, one), workspace.messages(one.id).map(see)] as const);
    const ephemerals = workspace
      .users()
      .map((user) => [`only ${user.name} sees`, workspace.ephemerals(user.id).map(see)] as const);
    const messages = [...conversations, ...ephemerals]
      .filter(([, seen]) => seen.length > 0)
      .map(([where, seen]) => `${where}:\n${seen.map(indented).join("\n")}`);
    const modals = workspace.users().flatMap((user) => {
      const modal = server.as(user.name).modal();
      return modal === undefined
        ? []
        : [`${user.name} has open: ${modal.title} ${JSON.stringify(modal.fields)}`];
    });
    const problems = server.problems
      .list()
      .map((problem) => `${problem.severity}: ${problem.where}: ${problem.message}`);
    return [...messages, ...modals, ...problems].join("\n") || "(nothing anywhere)";
  }

  async function until<T>(
    condition: () => T | Promise<T>,
    what: string,
    timeoutMs = PATIENCE_MS,
  ): Promise<NonNullable<T>> {
    const deadline = performance.now() + timeoutMs;
    for (let pauseMs = LOOK_AGAIN_MS.first; ; pauseMs = Math.min(2 * pauseMs, LOOK_AGAIN_MS.longest)) {
      const changed = nextChange();
      const value = await condition();
      if (value) {
        changed.stop();
        return value;
      }
      if (performance.now() > deadline) {
        changed.stop();
        throw new Error(`Waited ${timeoutMs} ms for ${what}. Slack shows:\n${describe()}`);
      }
      await Promise.race([changed.happened, sleep(pauseMs)]);
      changed.stop();
    }
  }

  function nextChange(): { readonly happened: Promise<void>; readonly stop: () => void } {
    let tell: () => void;
    const happened = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const stop = workspace.onChange(() => tell());
    return { happened, stop };
  }

  async function post(request: RawRequest): Promise<RawAnswer> {
    const target = server.requestUrl();
    if (target === undefined) throw new Error("The app has no request URL; raw requests need HTTP mode");
    const { sign = true, timestamp = Math.trunc(Date.now() / 1000) } = request;
    const secret = typeof sign === "string" ? sign : server.signingSecret;
    const started = performance.now();
    const response = await fetch(new URL(request.path ?? new URL(target).pathname, target), {
      method: "POST",
      body: request.body,
      headers: {
        "content-type": request.contentType ?? "application/x-www-form-urlencoded",
        ...(sign === false
          ? {}
          : {
              "x-slack-request-timestamp": String(timestamp),
              "x-slack-signature": signature(secret, timestamp, String(request.body)),
            }),
        ...request.headers,
      },
    });
    return {
      status: response.status,
      body: await response.text(),
      ms: Math.round(performance.now() - started),
    };
  }

  /** A person who waits for a button before pressing it, as people do: what a message offers changes a little after what it says. */
  function as(name: string): Person {
    const person = server.as(name);
    return {
      ...person,
      presses: (on, button, how) =>
        until(async () => {
          try {
            return await person.presses(on, button, how);
          } catch (error) {
            if (error instanceof NoSuchButton) return undefined;
            throw error;
          }
        }, `${name} to see the button "${button}"`),
    };
  }

  return {
    ...server,
    as,
    raw: {
      post,
      deliver: (kind, payload) => post(encode(kind, payload)),
      socket: (text) => server.sockets.sendRaw(text),
    },
    channel,
    thread: ({ channelId, ts }) =>
      workspace
        .messages(channelId)
        .filter((message) => message.threadTs === ts && message.ts !== ts)
        .map(see),
    fresh: ({ channelId, ts }) => {
      const message = workspace.message(channelId, ts);
      if (message === undefined) throw new Error(`There is no message ${channelId} ${ts} (any more)`);
      return see(message);
    },
    files: () =>
      workspace
        .files()
        .filter((file) => file.completed)
        .map((file) => seeFile(workspace, file.id)),
    until,
    describe,
  };
}

function indented(message: SeenMessage): string {
  const buttons = message.buttons.length === 0 ? "" : ` [${message.buttons.join("] [")}]`;
  const reply = message.threadTs === undefined ? "" : "  ↳ ";
  return `  ${reply}${message.author}: ${message.visibleText.replaceAll("\n", " / ")}${buttons}`;
}
