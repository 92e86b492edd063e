import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const root = new URL("../../", import.meta.url);

const Manifest = z.object({
  features: z.object({
    app_home: z.object({ messages_tab_enabled: z.boolean(), messages_tab_read_only_enabled: z.boolean() }),
    slash_commands: z.array(z.object({ command: z.string() })),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ bot_events: z.array(z.string()) }),
    interactivity: z.object({ is_enabled: z.boolean() }),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.boolean(),
  }),
});

/** What Slack wants for each method we call (https://docs.slack.dev/reference/methods); none for auth and views. */
const scopesOf: Readonly<Record<string, readonly string[]>> = {
  "auth.test": [],
  // With the app's own token.
  "apps.connections.open": [],
  "views.open": [],
  "views.update": [],
  "chat.postMessage": ["chat:write", "chat:write.public"],
  "chat.update": ["chat:write"],
  "chat.delete": ["chat:write"],
  // Theirs are good to have (see manifest.yml): without them the call is refused, and it is done without.
  "conversations.history": [],
  "conversations.replies": [],
  "conversations.open": ["im:write"],
  "conversations.info": ["channels:read", "groups:read"],
  "conversations.list": ["channels:read", "groups:read"],
  "users.info": ["users:read"],
  "users.list": ["users:read"],
  "users.lookupByEmail": ["users:read.email"],
  "usergroups.list": ["usergroups:read"],
  "files.getUploadURLExternal": ["files:write"],
  "files.completeUploadExternal": ["files:write"],
};

const manifest = Manifest.parse(parse(readFileSync(new URL("manifest.yml", root), "utf8")));
const source = readdirSync(new URL("src/slack/", root), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(new URL(`src/slack/${name}`, root), "utf8"))
  .join("\n");

function matches(pattern: RegExp): readonly string[] {
  return [...new Set([...source.matchAll(pattern)].map(([, found = ""]) => found))].toSorted();
}

it("has every command the code listens to, and no other", () => {
  const listed = manifest.features.slash_commands.map(({ command }) => command).toSorted();
  expect(listed).toEqual(matches(/^ {4}"(\/[a-z-]+)": on\w+,$/gm));
});

it("has every event the code listens to, and no other", () => {
  const listed = manifest.settings.event_subscriptions.bot_events.toSorted();
  expect(listed).toEqual(
    [...matches(/app\.event\("([^"]+)"/g), ...matches(/\b(subteam_\w+): true/g)].toSorted(),
  );
});

it("has every scope the code's calls need, and no other", () => {
  const called = matches(/client\.([a-z]+\.[a-zA-Z.]+)\(/g);
  expect(called.filter((method) => scopesOf[method] === undefined)).toEqual([]);
  const needed = new Set(["commands", ...called.flatMap((method) => scopesOf[method] ?? [])]);
  expect(manifest.oauth_config.scopes.bot.toSorted()).toEqual([...needed].toSorted());
});

it("turns on what the code needs: buttons and forms, Socket Mode, and a token that does not rotate", () => {
  expect(manifest.settings).toMatchObject({
    interactivity: { is_enabled: true },
    socket_mode_enabled: true,
    token_rotation_enabled: false,
  });
});

it("has the tab in which people find the buttons of what they asked for, and can write there", () => {
  expect(manifest.features.app_home).toEqual({
    messages_tab_enabled: true,
    messages_tab_read_only_enabled: false,
  });
});
