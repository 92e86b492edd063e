import type { Workspace } from "../../slack-simulator/workspace.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * A message as Slack keeps what a person typed: control characters escaped, `@name` and `#channel` as mentions.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function written(workspace: Workspace, typed: string): string {
  return typed.replace(/<[@#!][\w|]+>|[&<>]|(?<!\w)[@#][\w.-]*\w/g, (found) => {
    const entity = ENTITIES[found];
    if (entity !== undefined) return entity;
    const name = found.slice(1);
    if (found.startsWith("@")) {
      const user = workspace.users().find((one) => one.name === name);
      return user === undefined ? found : `<@${user.id}>`;
    }
    if (found.startsWith("#")) {
      const channel = workspace.findChannel(found);
      return channel?.kind === "public" ? `<#${channel.id}>` : found;
    }
    return found;
  });
}
