import type { Interactions } from "./interactions.ts";
import type { User, Usergroup } from "./model.ts";
import { usergroupFrom, type UsergroupSeed } from "./seed.ts";
import { usergroupShape } from "./web-api/shapes.ts";
import type { Workspace } from "./workspace.ts";

/** What an admin does to user groups, and the events Slack then sends. */
export interface UsergroupHands {
  /** Replaces the members, given by name: `subteam_members_changed` and `subteam_updated`. */
  readonly changeMembers: (handle: string, userNames: readonly string[]) => Promise<void>;
  /** Renames, disables or enables: `subteam_updated`. */
  readonly edit: (
    handle: string,
    changes: Partial<Pick<Usergroup, "handle" | "name" | "disabled">>,
  ) => Promise<void>;
  /** `subteam_created`. */
  readonly add: (group: UsergroupSeed) => Promise<void>;
}

export interface UsergroupHandsDeps {
  readonly workspace: Workspace;
  readonly interactions: Interactions;
  readonly userNamed: (name: string) => User;
}

/** The events' `users` end here; `user_count` goes on (https://docs.slack.dev/reference/events/subteam_updated). */
const MOST_USERS = 500;

/** The hands of whoever may edit user groups. */
export function createUsergroupHands({
  workspace,
  interactions,
  userNamed,
}: UsergroupHandsDeps): UsergroupHands {
  const idOf = (name: string): string => userNamed(name).id;

  function named(handle: string): Usergroup {
    const group = workspace.usergroups().find((one) => one.handle === handle);
    if (group === undefined) throw new Error(`No user group "${handle}"`);
    return group;
  }

  async function put(type: "subteam_created" | "subteam_updated", group: Usergroup): Promise<void> {
    workspace.putUsergroup(group);
    const subteam = {
      ...usergroupShape(workspace, group),
      is_subteam: true,
      users: group.members.slice(0, MOST_USERS),
    };
    await interactions.event({ type, subteam });
  }

  return {
    changeMembers: async (handle, userNames) => {
      const group = named(handle);
      const members = userNames.map(idOf);
      const added = members.filter((id) => !group.members.includes(id));
      const removed = group.members.filter((id) => !members.includes(id));
      await put("subteam_updated", { ...group, members });
      await interactions.event({
        type: "subteam_members_changed",
        subteam_id: group.id,
        team_id: workspace.team.id,
        date_previous_update: 0,
        date_update: Math.trunc(workspace.now() / 1000),
        added_users: added,
        added_users_count: added.length,
        removed_users: removed,
        removed_users_count: removed.length,
      });
    },
    edit: async (handle, changes) => put("subteam_updated", { ...named(handle), ...changes }),
    add: async (seed) => put("subteam_created", usergroupFrom(seed, idOf)),
  };
}
