import type { SeenMessage } from "../../slack-simulator/seen.ts";
import type { Slack } from "./slack.ts";

type Place = { readonly slack: Slack };

/** Has a person ask by command, and waits for the approval message. */
export async function ask(
  { slack }: Place,
  person: string,
  text: string,
  channel = "#access-requests",
): Promise<SeenMessage> {
  const before = slack.channel(channel).messages().length;
  await slack.as(person).types(`/request-access ${text}`);
  return slack.until(() => slack.channel(channel).messages()[before], `the approval message in ${channel}`);
}

/** Waits until the thread of a message says this. */
export function threadSays({ slack }: Place, message: SeenMessage, words: string): Promise<SeenMessage> {
  return slack.until(
    () => slack.thread(message).find(({ visibleText }) => visibleText.includes(words)),
    `the thread to say “${words}”`,
  );
}

/** Has a person approve whatever still waits in a channel. */
export async function approveWaiting({ slack }: Place, person: string, channel: string): Promise<void> {
  for (const { ts } of slack.channel(channel).messages()) {
    // Looked at again before each click: it may be decided meanwhile.
    const message = slack
      .channel(channel)
      .messages()
      .find((each) => each.ts === ts);
    if (message?.visibleText.includes("\nNeeds ")) await slack.as(person).presses(message, "Approve");
  }
}

/** The number of the request a message is about. */
export function numberOf(message: SeenMessage): number {
  // A card names its own in the last line: an extension's names what it extends before.
  const [, number] = /^AR-(\d+) · /m.exec(message.visibleText) ?? /AR-(\d+)/.exec(message.visibleText) ?? [];
  if (number === undefined) throw new Error(`no request is named in: ${message.visibleText}`);
  return Number(number);
}

/** Waits until a person was told this where nobody else sees it. */
export function toldAlone({ slack }: Place, person: string, words: string): Promise<SeenMessage> {
  return slack.until(
    () =>
      slack
        .as(person)
        .ephemerals()
        .findLast(({ visibleText }) => visibleText.includes(words)),
    `${person} to be told “${words}”`,
  );
}

/** Waits until a person was told this by direct message. */
export function toldDirectly({ slack }: Place, person: string, words: string): Promise<SeenMessage> {
  return slack.until(
    () =>
      slack
        .as(person)
        .directMessages()
        .findLast(({ visibleText }) => visibleText.includes(words)),
    `${person} to be told “${words}”`,
  );
}

/** Has a person press a button and waits for the form it opens. */
export async function opensBy(
  { slack }: Place,
  person: string,
  message: SeenMessage,
  button: string,
): Promise<void> {
  await slack.as(person).presses(message, button);
  await slack.until(() => slack.as(person).modal(), `${person}'s form`);
}
