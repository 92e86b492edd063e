import type { Line } from "../words/piece.ts";

/** A message as any chat surface can show it: what it says, not how it looks there. */
export type Message = {
  readonly title?: string;
  /** What stands for the message where it is only announced, as in a phone's notification. */
  readonly summary: Line;
  readonly sections: readonly Section[];
  readonly actions: readonly Action[];
  /** What few readers look for: last, and small. */
  readonly footnote?: string;
};

/** A part of a message: facts, then lines, then what somebody else said. */
export type Section = {
  readonly facts?: readonly Fact[];
  readonly lines?: readonly Line[];
  /** In a person's or a provider's words, set apart from ours. */
  readonly quote?: string | undefined;
};

/** A fact that readers look for by its label. */
export type Fact = { readonly label: string; readonly value: Line };

/** What a reader may do by a button. */
export const actionKinds = [
  "approve_request",
  "deny_request",
  "review_break_glass",
  "end_access",
  "cancel_request",
  "start_access",
  "extend_access",
  "show_handover",
  "try_revocation",
] as const;
export type ActionKind = (typeof actionKinds)[number];

/** A button. It carries an id and nothing else: who may press it is judged when it is pressed. */
export type Action = {
  readonly kind: ActionKind;
  /** The request's; of `show_handover` and `try_revocation` the grant's. */
  readonly id: string;
  readonly label: string;
  readonly style?: "primary" | "danger";
  /** Asked before it is done. */
  readonly confirm?: Confirm;
};

export type Confirm = {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
};

/** A message that is one text. */
export function plainMessage(text: string): Message {
  return { summary: [text], sections: [{ lines: [[text]] }], actions: [] };
}

/** A message of one line, and what somebody said of it. */
export function lineMessage(line: Line, quote?: string): Message {
  return { summary: line, sections: [{ lines: [line], quote }], actions: [] };
}

/** The message with more under it. */
export function withMore(message: Message, more: Partial<Pick<Message, "sections" | "actions">>): Message {
  return {
    ...message,
    sections: [...message.sections, ...(more.sections ?? [])],
    actions: [...message.actions, ...(more.actions ?? [])],
  };
}
