import type { CommandCard } from "../../protocol.ts";

/** The commands that what is typed so far may become; none once a command is written out and followed by a space. */
export function completionsOf(typed: string, commands: readonly CommandCard[]): readonly CommandCard[] {
  if (!/^\/\S*$/.test(typed)) return [];
  return commands.filter(({ command }) => command.startsWith(typed.toLowerCase()));
}

/** What Enter does to the message box: sends, unless the marked command still has something to add. */
export function onEnter(typed: string, marked: CommandCard | undefined): "send" | "complete" {
  return marked === undefined || marked.command === typed ? "send" : "complete";
}
