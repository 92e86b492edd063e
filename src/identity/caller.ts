/** Somebody as a door knows them: an account there, and the address it shows. Who that is, `People` says. */
export type Caller = {
  /** As the door shows it, in lower case. */
  readonly email: string;
  readonly name: string;
  /** Absent where they came by no Slack account. */
  readonly slackId?: string | undefined;
};
