import type { JsonObject } from "../json.ts";
import type { Channel, StoredFile, User, Usergroup } from "../model.ts";
import type { Workspace } from "../workspace.ts";

/** Slack's user object; the address only shows with users:read.email, and never a stranger's. */
export function userShape(workspace: Workspace, user: User, showsEmail: boolean): JsonObject {
  return {
    id: user.id,
    // Left out for some accounts of Enterprise Grid (https://github.com/looker/lookerbot/issues/184).
    ...(user.teamId === user.enterpriseId ? {} : { team_id: user.teamId }),
    name: user.name,
    deleted: user.deleted,
    real_name: user.realName,
    tz: user.timezone,
    tz_label: user.timezone,
    tz_offset: offsetSeconds(user.timezone),
    profile: {
      real_name: user.realName,
      real_name_normalized: user.realName,
      display_name: user.name,
      display_name_normalized: user.name,
      team: user.teamId,
      ...(showsEmail && !user.isStranger && user.email !== "" ? { email: user.email } : {}),
    },
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: user.isRestricted,
    is_ultra_restricted: user.isUltraRestricted,
    is_bot: user.isBot,
    is_app_user: user.isAppUser,
    is_email_confirmed: true,
    ...(user.isStranger ? { is_stranger: true } : {}),
    ...(user.enterpriseId === undefined ? {} : { enterprise_user: enterpriseUserShape(workspace, user) }),
    updated: 0,
  };
}

function enterpriseUserShape({ team }: Workspace, user: User): JsonObject {
  const isOurs = user.enterpriseId === team.enterprise?.id;
  const homes = user.teamId === user.enterpriseId ? [] : [user.teamId];
  return {
    id: user.id,
    enterprise_id: user.enterpriseId,
    enterprise_name: isOurs ? team.enterprise?.name : "Elsewhere",
    is_admin: false,
    is_owner: false,
    teams: isOurs ? [...new Set([team.id, ...homes])] : homes,
  };
}

/** Slack's conversation object. */
export function channelShape(workspace: Workspace, channel: Channel): JsonObject {
  const { app, team } = workspace;
  const person = channel.members.find((id) => id !== app.botUserId);
  const isMember = channel.members.includes(app.botUserId);
  const created = Math.trunc(channel.createdAt / 1000);
  if (channel.kind === "im") {
    return {
      id: channel.id,
      created,
      is_im: true,
      is_archived: channel.isArchived,
      is_org_shared: false,
      user: person ?? "",
      context_team_id: team.id,
    };
  }
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    created,
    creator: person ?? "",
    is_channel: channel.kind === "public",
    is_group: channel.kind === "private",
    is_im: false,
    is_mpim: channel.kind === "mpim",
    is_private: channel.kind !== "public",
    is_archived: channel.isArchived,
    is_general: channel.name === "general",
    is_shared: channel.isExtShared,
    is_ext_shared: channel.isExtShared,
    is_org_shared: false,
    is_pending_ext_shared: false,
    pending_shared: [],
    context_team_id: team.id,
    shared_team_ids: [team.id],
    is_member: isMember,
    topic: { value: "", creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
    previous_names: [],
  };
}

/** Slack's file object. */
export function fileShape(workspace: Workspace, file: StoredFile, baseUrl: string): JsonObject {
  return {
    id: file.id,
    created: Math.trunc(file.createdAt / 1000),
    timestamp: Math.trunc(file.createdAt / 1000),
    name: file.name,
    title: file.title,
    size: file.content.length,
    user: workspace.app.botUserId,
    user_team: workspace.team.id,
    mode: "hosted",
    is_external: false,
    is_public: false,
    channels: file.channelIds,
    url_private: `${baseUrl}files-pri/${workspace.team.id}-${file.id}/${encodeURIComponent(file.name)}`,
    permalink: `${baseUrl}files/${workspace.app.botUserId}/${file.id}/${encodeURIComponent(file.name)}`,
  };
}

/** Slack's user group object. */
export function usergroupShape(workspace: Workspace, group: Usergroup): JsonObject {
  return {
    id: group.id,
    team_id: workspace.team.id,
    is_usergroup: true,
    name: group.name,
    description: "",
    handle: group.handle,
    is_external: group.isExternal,
    date_create: 0,
    date_update: 0,
    date_delete: group.disabled ? 1 : 0,
    auto_type: null,
    prefs: { channels: [], groups: [] },
    user_count: group.members.length,
  };
}

/** Making one takes longer than all else that a user's shape takes. */
const formats = new Map<string, Intl.DateTimeFormat>();

function offsetSeconds(timezone: string): number {
  const format =
    formats.get(timezone) ??
    new Intl.DateTimeFormat("en", { timeZone: timezone, timeZoneName: "longOffset" });
  formats.set(timezone, format);
  const offset = format.formatToParts(new Date()).find((part) => part.type === "timeZoneName")?.value;
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(offset ?? "");
  if (match === null) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60;
  return match[1] === "-" ? -seconds : seconds;
}
