import type { User } from "../../slack-simulator/model.ts";
import { OTHER_TEAM_ID } from "../../slack-simulator/seed.ts";

/** Whether an account may do nothing here. */
export function mayDoNothing({ deleted, isRestricted, isStranger, teamId }: User): boolean {
  return deleted || isRestricted || isStranger || teamId === OTHER_TEAM_ID;
}
