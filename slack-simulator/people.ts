import type { Interactions } from "./interactions.ts";
import type { User } from "./model.ts";
import { userFrom, type PersonSeed } from "./seed.ts";
import { userShape } from "./web-api/shapes.ts";
import type { Workspace } from "./workspace.ts";

export interface Telling {
  /** The event never reaches the app. */
  readonly isMissed?: boolean;
}

/**
 * What becomes of accounts, ours and those of connected workspaces. Slack tells it by `user_change` with the whole account,
 * unless said otherwise.
 */
export interface PeopleHands {
  readonly change: (userName: string, changes: Partial<User>, telling?: Telling) => Promise<void>;
  /** An empty one is none. */
  readonly changeEmail: (userName: string, email: string, telling?: Telling) => Promise<void>;
  readonly makeGuest: (userName: string, telling?: Telling) => Promise<void>;
  readonly makeMember: (userName: string, telling?: Telling) => Promise<void>;
  readonly deactivate: (userName: string, telling?: Telling) => Promise<void>;
  readonly reactivate: (userName: string, telling?: Telling) => Promise<void>;
  /** A new account, maybe with the address of another: `team_join`. */
  readonly join: (person: PersonSeed, telling?: Telling) => Promise<void>;
  /** Slack knows it no more, and tells nobody. */
  readonly remove: (userName: string) => void;
}

export interface PeopleHandsDeps {
  readonly workspace: Workspace;
  readonly interactions: Interactions;
  readonly userNamed: (name: string) => User;
}

/** The hands of whoever may change accounts. */
export function createPeopleHands({ workspace, interactions, userNamed }: PeopleHandsDeps): PeopleHands {
  async function put(type: "team_join" | "user_change", user: User, { isMissed }: Telling): Promise<void> {
    workspace.putUser(user);
    if (isMissed === true) return;
    const cached = type === "user_change" ? { cache_ts: 0 } : {};
    await interactions.event({ type, user: userShape(workspace, user, true), ...cached });
  }

  const change: PeopleHands["change"] = (userName, changes, telling = {}) =>
    put("user_change", { ...userNamed(userName), ...changes }, telling);

  return {
    change,
    changeEmail: (userName, email, telling) => change(userName, { email }, telling),
    makeGuest: (userName, telling) => change(userName, { isRestricted: true }, telling),
    makeMember: (userName, telling) =>
      change(userName, { isRestricted: false, isUltraRestricted: false }, telling),
    deactivate: (userName, telling) => change(userName, { deleted: true }, telling),
    reactivate: (userName, telling) => change(userName, { deleted: false }, telling),
    join: async (person, telling = {}) => {
      const user = userFrom(person, workspace.team);
      if (workspace.user(user.id) !== undefined) throw new Error(`There is a "${user.name}" already`);
      await put("team_join", user, telling);
    },
    remove: (userName) => workspace.removeUser(userNamed(userName).id),
  };
}
