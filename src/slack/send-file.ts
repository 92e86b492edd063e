import type { WebClient } from "@slack/web-api";
import { outgoingFetch } from "../network/outgoing.ts";
import {
  isAppFault,
  mayBeDone,
  permanentFault,
  tokenFault,
  UnreadableAnswer,
  wordFault,
} from "./slack-errors.ts";

export type SentFile = { readonly name: string; readonly comment: string; readonly content: Buffer };

const tries = 2;
const uploadMs = 60_000;

/**
 * Sends somebody a file by direct message; in words why it could not. In the steps of Slack's own
 * (https://docs.slack.dev/messaging/working-with-files): only the last shows it to anybody, so that what came before can be tried again.
 * `whyNot` is asked before that one.
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

/** The file's bytes, which nobody sees yet; its id. */
async function upload(client: WebClient, { name, content }: SentFile): Promise<string> {
  const place = await client.files.getUploadURLExternal({ filename: name, length: content.length });
  if (place.upload_url === undefined || place.file_id === undefined)
    throw new Error("it said nowhere to send the file");
  const answer = await outgoingFetch(place.upload_url, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: content,
    signal: AbortSignal.timeout(uploadMs),
    // What is for one address is told to no other.
    redirect: "error",
  });
  await answer.body?.cancel();
  if (answer.status !== 200) throw new UnreadableAnswer(answer.status);
  return place.file_id;
}

/** Trying at once again is no use. */
function isFinal(error: unknown): boolean {
  return permanentFault(error) !== undefined || tokenFault(error) !== undefined || isAppFault(error);
}
