import { WebAPIPlatformError, WebAPIRateLimitedError, type WebClient } from "@slack/web-api";
import type { Outcome } from "../access/carry-out.ts";
import type { RecordDeps } from "../access/deps.ts";
import type { State } from "../domain/decide.ts";
import { requestName } from "../domain/request.ts";
import { recordEvent } from "../persistence/audit.ts";
import type { ClaimedEffect } from "../persistence/effects.ts";
import { readState } from "../persistence/requests.ts";
import { findApprovalMessage, saveApprovalMessage } from "../persistence/slack-messages.ts";
import type { Directory } from "./directory.ts";
import { type Approver, approvalMessage, maxNames, type Message } from "./views/approval-message.ts";
import { escapeMrkdwn } from "./views/rich-text.ts";
import { alertMessage, requesterMessage, threadMessage } from "./views/event-message.ts";

export type NotifierDeps = Pick<RecordDeps, "db" | "clock"> & {
  readonly client: WebClient;
  readonly directory: Directory;
};

type Effect<K extends ClaimedEffect["kind"]> = Extract<ClaimedEffect, { kind: K }>;

export type Notifier = {
  readonly [K in "post_request" | "update_request" | "tell_thread" | "tell_requester" | "tell_alerts"]: (
    effect: Effect<K>,
  ) => Promise<Outcome>;
};

const done: Outcome = { outcome: "done" };

/** Carries out what is owed to people: each message once, in its lane's order, tried again while Slack cannot take it. */
export function createNotifier(deps: NotifierDeps): Notifier {
  const send = createSender(deps);
  return {
    async post_request(effect) {
      if (await findApprovalMessage(deps.db, effect.requestId)) return done;
      const { state } = await read(deps, effect);
      const message = approvalMessage(state, await approversOf(deps.directory, state));
      return send(effect, async () => {
        const place = await postTo(deps, state.request.terms.channel, message);
        await saveApprovalMessage(deps.db, deps.clock, effect.requestId, place);
      });
    },
    async update_request(effect) {
      const place = await findApprovalMessage(deps.db, effect.requestId);
      if (!place) return { outcome: "done", note: "no approval message was posted" };
      const { state } = await read(deps, effect);
      const { text, blocks } = approvalMessage(state, await approversOf(deps.directory, state));
      return send(effect, () => deps.client.chat.update({ ...place, text, blocks: [...blocks] }));
    },
    async tell_thread(effect) {
      const message = threadMessage(effect.payload.event);
      const place = await findApprovalMessage(deps.db, effect.requestId);
      if (!message || !place) return { outcome: "done", note: "nothing to say, or nowhere" };
      return send(effect, () => post(deps.client, place.channel, message, { thread_ts: place.ts }));
    },
    async tell_requester(effect) {
      const { state } = await read(deps, effect);
      const message = requesterMessage(effect.payload.event, state.request);
      const { slackId } = state.request.requester;
      if (!message || slackId === undefined)
        return { outcome: "done", note: "nothing to say, or nobody in Slack" };
      return send(effect, () => postInPerson(deps.client, slackId, message));
    },
    async tell_alerts(effect) {
      const { state } = await read(deps, effect);
      const message = alertMessage(effect.payload.event, state.request);
      if (!message) return done;
      return send(effect, () => postTo(deps, state.request.terms.alerts, message));
    },
  };
}

/** A channel that cannot take our message, however often we try; a person has to mend it. */
class ChannelError extends Error {}

/** Slack's errors that no retry mends. */
const permanent = new Set([
  "channel_not_found",
  "not_in_channel",
  "is_archived",
  "restricted_action",
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
  "messages_tab_disabled",
  "cannot_dm_bot",
  "user_not_found",
  "user_disabled",
  "thread_locked",
  "msg_too_long",
  "msg_blocks_too_long",
  "invalid_blocks",
]);

function createSender(
  deps: NotifierDeps,
): (effect: ClaimedEffect, call: () => Promise<unknown>) => Promise<Outcome> {
  return async (effect, call) => {
    try {
      await call();
      return done;
    } catch (error) {
      if (error instanceof WebAPIRateLimitedError) {
        return { outcome: "again", seconds: error.retryAfter, error: "Slack asked to wait", untouched: true };
      }
      const words = permanentFault(error);
      if (words === undefined) throw error;
      return giveUp(deps, effect, words);
    }
  };
}

function permanentFault(error: unknown): string | undefined {
  if (error instanceof ChannelError) return error.message;
  if (!(error instanceof WebAPIPlatformError)) return undefined;
  return permanent.has(error.data.error) ? error.data.error : undefined;
}

/** Recorded, and said in the alerts channel where that is another one: a message nobody gets is never silent. */
async function giveUp(deps: NotifierDeps, effect: ClaimedEffect, error: string): Promise<Outcome> {
  const { state, now } = await read(deps, effect);
  const { channel, alerts } = state.request.terms;
  await recordEvent(
    deps.db,
    {
      type: "message.failed",
      at: now,
      actor: { kind: "hallpass" },
      data: { kind: effect.kind, channel, error },
    },
    { request: state.request, dedupeKey: `message.failed ${effect.id}` },
  );
  if (effect.kind !== "post_request") return { outcome: "done", note: error };
  const trouble = `${requestName(state.request)} could not be posted in ${channel} (${error})`;
  if (alerts === channel) {
    await tellInPerson(
      deps.client,
      state,
      `${trouble}, so nobody can approve it. Tell whoever keeps the policy.`,
    );
  } else {
    // The request is still to be judged: approvers find it in the alerts channel instead.
    const message = approvalMessage(state, await approversOf(deps.directory, state));
    const place = await postTo(deps, alerts, message);
    await saveApprovalMessage(deps.db, deps.clock, effect.requestId, place);
    await post(deps.client, place.channel, plain(`${trouble}; it is decided here instead.`), {
      thread_ts: place.ts,
    });
  }
  return { outcome: "done", note: error };
}

async function postTo(
  deps: NotifierDeps,
  idOrName: string,
  message: Message,
): Promise<{ readonly channel: string; readonly ts: string }> {
  const channel = await deps.directory.channel(idOrName);
  if (!channel) {
    throw new ChannelError(
      `the bot sees no channel ${idOrName}; create it, or invite the bot if it is private`,
    );
  }
  if (channel.isArchived) throw new ChannelError(`the channel ${idOrName} is archived`);
  if (channel.isShared) throw new ChannelError(`the channel ${idOrName} is shared with another company`);
  return post(deps.client, channel.id, message);
}

async function post(
  client: WebClient,
  channel: string,
  message: Message,
  thread: { readonly thread_ts?: string } = {},
): Promise<{ readonly channel: string; readonly ts: string }> {
  const posted = await client.chat.postMessage({
    channel,
    text: message.text,
    blocks: [...message.blocks],
    unfurl_links: false,
    unfurl_media: false,
    ...thread,
  });
  if (posted.channel === undefined || posted.ts === undefined)
    throw new Error("Slack did not say where the message is");
  return { channel: posted.channel, ts: posted.ts };
}

async function postInPerson(client: WebClient, slackId: string, message: Message): Promise<void> {
  const { channel } = await client.conversations.open({ users: slackId });
  if (channel?.id === undefined) throw new Error("Slack opened no direct message");
  await post(client, channel.id, message);
}

async function tellInPerson(client: WebClient, { request }: State, text: string): Promise<void> {
  const { slackId } = request.requester;
  if (slackId !== undefined) await postInPerson(client, slackId, plain(text));
}

function plain(text: string): Message {
  return { text: escapeMrkdwn(text), blocks: [{ type: "section", text: { type: "plain_text", text } }] };
}

async function read(
  deps: NotifierDeps,
  effect: ClaimedEffect,
): Promise<{ readonly state: State; readonly now: Date }> {
  const found = await readState(deps.db, deps.clock, effect.requestId);
  if (!found) throw new Error(`effect ${effect.id} names a request that does not exist`);
  return found;
}

async function approversOf(directory: Directory, { request }: State): Promise<readonly Approver[]> {
  if (request.status !== "pending") return [];
  const emails = request.terms.steps[0]?.approvers ?? [];
  return Promise.all(
    emails.map(async (email, index) => {
      // Those who are only counted need no looking up: Slack allows some fifty a minute.
      return index < maxNames ? { email, slackId: await directory.idByEmail(email) } : { email };
    }),
  );
}
