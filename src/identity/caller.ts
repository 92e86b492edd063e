/** Somebody as an entry point (Slack, say) identifies them: an account and its address. `People` says which person that is. */
export type Caller = {
  /** As the entry point shows it, in lower case. */
  readonly email: string;
  readonly name: string;
  /** Absent if they did not come through an account of a chat surface. */
  readonly account?: string | undefined;
};
