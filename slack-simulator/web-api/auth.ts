import { textOf } from "../json.ts";
import { MethodError } from "../method-error.ts";
import type { MethodDeps, Methods } from "./method.ts";

/** api.*, auth.*, apps.connections.* and team.* */
export function authMethods({ workspace, baseUrl, socketUrl }: MethodDeps): Methods {
  const { app, team } = workspace;
  return {
    "api.test": {
      token: "none",
      run: (args) => {
        if (textOf(args.error) !== "") throw new MethodError(textOf(args.error), { args });
        return { args };
      },
    },
    "auth.test": {
      run: () => ({
        url: baseUrl(),
        team: team.name,
        user: app.name,
        team_id: team.id,
        user_id: app.botUserId,
        bot_id: app.botId,
        app_id: app.id,
        ...(team.enterprise === undefined ? {} : { enterprise_id: team.enterprise.id }),
        is_enterprise_install: app.isOrgWide === true,
      }),
    },
    "apps.connections.open": { token: "app", run: () => ({ url: socketUrl() }) },
    "team.info": {
      scopes: ["team:read"],
      run: () => ({ team: { id: team.id, name: team.name, domain: team.domain, email_domain: "" } }),
    },
  };
}
