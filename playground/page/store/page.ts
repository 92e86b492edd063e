// Where the person is, what they are about to say, which tool is open: all that the shell's parts share beside the screen.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { GuideStep } from "../../protocol.ts";
import type { LastRead } from "./unread.ts";
import type { Route } from "./route.ts";

export const tools = ["orders", "clock", "inspector", "faults"] as const;
export type Tool = (typeof tools)[number];

export interface Page {
  readonly route: Route & { readonly person: string };
  readonly go: (route: Partial<Route>) => void;
  /** The link to somewhere, as the same person. */
  readonly href: (place: string | null, thread?: string) => string;
  readonly draft: (box: string) => string;
  readonly setDraft: (box: string, text: string) => void;
  readonly tool: { readonly tab: Tool; readonly isOpen: boolean };
  readonly showTool: (tab: Tool, isOpen?: boolean) => void;
  readonly sql: string;
  readonly setSql: (sql: string) => void;
  readonly lastRead: LastRead;
  /** Does the preparing for a step of the guide. */
  readonly prepare: (step: GuideStep) => void;
}

export const Paging = createContext<Page | undefined>(undefined);

/** The page's own state; a bug to use outside of `Paging.Provider`. */
export function usePage(): Page {
  const page = useContext(Paging);
  if (page === undefined) throw new Error("Expected to be inside <Paging.Provider>.");
  return page;
}

/** The name of a message box: one for each person, channel and thread. */
export function boxName(person: string, channelId: string, thread?: string): string {
  return [person, channelId, thread ?? ""].join("/");
}

/** Whether the tools lie over the chat, as on a phone; see narrow.css. */
export function isDrawer(): boolean {
  return window.matchMedia("(max-width: 900px)").matches;
}
