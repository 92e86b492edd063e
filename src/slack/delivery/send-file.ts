import type { WebClient } from "@slack/web-api";
import { outgoingFetch } from "../../network/outgoing.ts";
import {
  isAppFault,
  mayBeDone,
  permanentFault,
  tokenFault,
  UnreadableAnswer,
  wordFault,
} from "../client/errors.ts";

export type SentFile = { readonly name: string; readonly comment: string; readonly content: Buffer };

const tries = 2;
const uploadMs = 60_000;

/**
 * Sends a file to a person by direct message; returns why it could not, in words. Follows Slack's own steps
 * (https://docs.slack.dev/messaging/working-with-files): only the last one shows the file to anybody, so the earlier
 * ones can be retried. `whyNot` is asked before the last.
 */
export async function sendFile(
  client: WebClient,
  slackId: string,
  file: SentFile,
  whyNot: () => Promise<string | undefined>,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    let mayShow = false;
    try {
      const { channel } = await client.conversations.open({ users: slackId });
      if (channel?.id === undefined) throw new Error("it opened no direct message");
      const id = await upload(client, file);
      const refused = await whyNot();
      if (refused !== undefined) return refused;
      mayShow = true;
      await client.files.completeUploadExternal({
        files: [{ id, title: file.name }],
        channel_id: channel.id,
        initial_comment: file.comment,
      });
      return undefined;
    } catch (error) {
      if (mayShow && mayBeDone(error)) return `${wordFault(error)}; it may have come all the same`;
      if (attempt >= tries || isFinal(error)) return wordFault(error);
    }
  }
}

/** Uploads the file's content, which nobody sees yet; returns its id. */
async function upload(client: WebClient, { name, content }: SentFile): Promise<string> {
  const place = await client.files.getUploadURLExternal({ filename: name, length: content.length });
  if (place.upload_url === undefined || place.file_id === undefined)
    throw new Error("it said nowhere to send the file");
  const answer = await outgoingFetch(place.upload_url, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: content,
    signal: AbortSignal.timeout(uploadMs),
    // Follow no redirect: the content is meant for this address only.
    redirect: "error",
  });
  await answer.body?.cancel();
  if (answer.status !== 200) throw new UnreadableAnswer(answer.status);
  return place.file_id;
}

/** Whether retrying at once is useless. */
function isFinal(error: unknown): boolean {
  return permanentFault(error) !== undefined || tokenFault(error) !== undefined || isAppFault(error);
}
