import type { User } from "../../playground/slack/model.ts";
import { OTHER_TEAM_ID } from "../../playground/slack/seed.ts";

/** Whether an account may do nothing here. */
export function mayDoNothing({ deleted, isRestricted, isStranger, teamId }: User): boolean {
  return deleted || isRestricted || isStranger || teamId === OTHER_TEAM_ID;
}
