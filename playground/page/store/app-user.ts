import type { UserCard } from "../../protocol.ts";

/** Slack's own bot, which is in every workspace, carries no APP badge and has no Home tab. */
const slackbotId = "USLACKBOT";

/** Whether this user is the app that the playground is about. */
export function isApp(user: Pick<UserCard, "id" | "isBot"> | undefined): boolean {
  return user?.isBot === true && user.id !== slackbotId;
}

/** The app among the users. */
export function findApp(users: readonly UserCard[]): UserCard | undefined {
  return users.find(isApp);
}

/** Whether a direct message by this name is one with the app. */
export function isAppsName(name: string, users: readonly UserCard[]): boolean {
  return findApp(users)?.realName === name;
}
