import { textOf } from "../json.ts";
import { MethodError } from "../method-error.ts";
import { isTrue, page, type MethodDeps, type Methods } from "./method.ts";
import { userShape, usergroupShape } from "./shapes.ts";

/** users.* and usergroups.* */
export function userMethods({ workspace, scopes }: MethodDeps): Methods {
  const showsEmail = scopes.includes("users:read.email");
  return {
    "users.info": {
      scopes: ["users:read"],
      required: ["user"],
      run: (args) => {
        const user = workspace.user(textOf(args.user));
        if (user === undefined) throw new MethodError("user_not_found");
        return { user: userShape(workspace, user, showsEmail) };
      },
    },
    "users.list": {
      scopes: ["users:read"],
      run: (args) => {
        const own = workspace.users().filter((user) => !user.isStranger);
        const { items, response_metadata } = page(own, args, 0);
        return {
          members: items.map((user) => userShape(workspace, user, showsEmail)),
          cache_ts: Math.trunc(workspace.now() / 1000),
          response_metadata,
        };
      },
    },
    "users.lookupByEmail": {
      scopes: ["users:read.email"],
      required: ["email"],
      run: (args) => {
        const email = textOf(args.email).toLowerCase();
        const user = workspace
          .users()
          .find((one) => !one.deleted && !one.isStranger && !one.isBot && one.email.toLowerCase() === email);
        if (user === undefined) throw new MethodError("users_not_found");
        return { user: userShape(workspace, user, showsEmail) };
      },
    },
    "usergroups.list": {
      scopes: ["usergroups:read"],
      run: (args) => ({
        usergroups: workspace
          .usergroups()
          .filter((group) => !group.disabled || isTrue(args.include_disabled))
          .map((group) => ({
            ...usergroupShape(workspace, group),
            ...(isTrue(args.include_users) ? { users: group.members } : {}),
          })),
      }),
    },
    "usergroups.users.list": {
      scopes: ["usergroups:read"],
      required: ["usergroup"],
      run: (args) => {
        const group = workspace.usergroups().find((one) => one.id === textOf(args.usergroup));
        if (group === undefined || (group.disabled && !isTrue(args.include_disabled))) {
          throw new MethodError("no_such_subteam");
        }
        return { users: group.members };
      },
    },
  };
}
