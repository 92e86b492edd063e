import { createChannelHands, type ChannelHands } from "./channels.ts";
import { createDeliverer, type Delivery } from "./delivery.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createHttpTransport } from "./http-transport.ts";
import { createInteractions, type Interactions } from "./interactions.ts";
import type { JsonObject } from "./json.ts";
import type { WorkspaceMemory } from "./memory.ts";
import type { Team, User } from "./model.ts";
import { createPayloads, type Payloads } from "./payloads.ts";
import { createPeopleHands, type PeopleHands } from "./people.ts";
import { createPerson, type Person } from "./person.ts";
import { createProblems, type Problems } from "./problems.ts";
import { createResponseUrls } from "./response-urls.ts";
import { createRoutes, type Call } from "./routes.ts";
import { seedWorkspace, type SeedOptions } from "./seed.ts";
import { createSockets, type Sockets } from "./sockets.ts";
import { createTriggers, TRIGGER_LIFETIME_MS } from "./triggers.ts";
import { createUsergroupHands, type UsergroupHands } from "./usergroups.ts";
import { createViews, type Views } from "./views.ts";
import { createWebApi, type Tokens } from "./web-api/call.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

export interface SlackOptions {
  readonly host?: string;
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Where the app listens (`http://127.0.0.1:3000`); its request URL is `{appUrl}/slack/events`. */
  readonly appUrl?: string;
  readonly signingSecret?: string;
  readonly tokens?: Tokens;
  /** Granted to the bot; every scope this simulation knows unless given. */
  readonly scopes?: readonly string[];
  readonly seed?: SeedOptions;
  /** What an earlier workspace remembered; its people and channels stand in place of the seed's. */
  readonly memory?: WorkspaceMemory | undefined;
  /** Milliseconds since 1970: drives ts, trigger and response_url expiry. Acknowledgements are timed in real time. */
  readonly now?: () => number;
  readonly ackTimeoutMs?: number;
  readonly triggerLifetimeMs?: number;
  /** Waits before each renewed delivery of an unacknowledged event; Slack's own are [0, 60000, 300000]. */
  readonly eventRetryDelaysMs?: readonly number[];
  /** The slash commands of the app's manifest; Slack knows no others. Any command goes unless given. */
  readonly commands?: readonly string[];
}

/** A running simulated Slack workspace with one app installed. */
export interface SlackServer {
  /** `http://127.0.0.1:PORT/api/`, for `slackApiUrl`. */
  readonly apiUrl: string;
  readonly url: string;
  readonly team: Team;
  readonly tokens: Tokens;
  readonly signingSecret: string;
  readonly workspace: Workspace;
  readonly faults: Faults;
  readonly sockets: Sockets;
  readonly problems: Problems;
  readonly payloads: Payloads;
  readonly interactions: Interactions;
  readonly views: Views;
  /** Every Web API call and use of a response_url (the method is `response_url`) so far, oldest first. */
  readonly calls: (method?: string) => readonly Call[];
  /** Every delivery to the app so far, oldest first. */
  readonly deliveries: () => readonly Delivery[];
  /** From now on deliver over HTTP to this app wherever no socket is connected. */
  readonly setAppUrl: (appUrl: string | undefined) => void;
  readonly requestUrl: () => string | undefined;
  readonly as: (userName: string) => Person;
  /** What becomes of accounts. */
  readonly people: PeopleHands;
  /** Changes a person (deactivation, guest, name) and sends `user_change`. */
  readonly changeUser: PeopleHands["change"];
  /** What an admin does to user groups; Slack sends the events of each. */
  readonly changeUsergroup: UsergroupHands["changeMembers"];
  readonly editUsergroup: UsergroupHands["edit"];
  readonly addUsergroup: UsergroupHands["add"];
  /** What people with the right to do it do to a channel or a message. */
  readonly channels: ChannelHands;
  /** Sends any other event. */
  readonly sendEvent: (event: JsonObject) => Promise<void>;
  readonly close: () => Promise<void>;
}

const SCOPES: readonly string[] = [
  ..."app_mentions:read channels:history channels:join channels:read chat:write chat:write.public commands files:read".split(
    " ",
  ),
  ..."files:write groups:history groups:read im:history im:read im:write mpim:read mpim:write reactions:write".split(
    " ",
  ),
  ..."team:read usergroups:read users:read users:read.email".split(" "),
];

const TOKENS: Tokens = { bot: "xoxb-simulated-bot-token", app: "xapp-1-A0HALLPASS-simulated-app-token" };
const SIGNING_SECRET = "simulated-signing-secret";
const ACK_TIMEOUT_MS = 3000;

/** Starts a simulated Slack on localhost; nothing of it outlives `close()`. */
export async function startSlack(options: SlackOptions = {}): Promise<SlackServer> {
  const { tokens = TOKENS, signingSecret = SIGNING_SECRET, now = Date.now } = options;
  let { appUrl } = options;
  let url = "";
  const baseUrl = (): string => url;
  const requestUrl = (): string | undefined =>
    appUrl === undefined ? undefined : `${appUrl.replace(/\/$/, "")}/slack/events`;

  const workspace = createWorkspace(seedWorkspace(options.seed), now, options.memory);
  const problems = createProblems(() => workspace.announce({ kind: "problem" }));
  const triggers = createTriggers(now, options.triggerLifetimeMs ?? TRIGGER_LIFETIME_MS);
  const views = createViews(workspace);
  const responseUrls = createResponseUrls(workspace, problems, baseUrl);
  const payloads = createPayloads({ workspace, triggers, responseUrls, views });
  const calls: Call[] = [];
  const { faults, active } = createFaults(() => sockets.drop());
  const webApi = createWebApi(
    {
      workspace,
      views,
      triggers,
      problems,
      scopes: options.scopes ?? SCOPES,
      baseUrl,
      pageLimit: active.pageLimit,
      socketUrl: () => sockets.newUrl(),
    },
    tokens,
  );
  const routes = createRoutes({
    workspace,
    webApi,
    responseUrls,
    faults: active,
    problems,
    record: (call) => {
      calls.push(call);
      workspace.announce({ kind: "call" });
    },
  });
  const sockets = createSockets(routes.server, {
    appId: workspace.app.id,
    problems,
    baseUrl,
    isDown: () => active.outage() !== undefined,
    takeBadStart: active.takeBadStart,
    leavesOpen: active.leavesOpen,
    onChange: () => workspace.announce({ kind: "connection" }),
  });
  const http = createHttpTransport(signingSecret, requestUrl);
  const deliverer = createDeliverer({
    http,
    sockets,
    hasRequestUrl: () => appUrl !== undefined,
    faults: active,
    ackTimeoutMs: options.ackTimeoutMs ?? ACK_TIMEOUT_MS,
    eventRetryDelaysMs: options.eventRetryDelaysMs ?? [0],
    now,
    onDelivery: () => workspace.announce({ kind: "delivery" }),
  });
  const { commands } = options;
  const interactions = createInteractions({ workspace, views, payloads, deliverer, problems, commands });
  const userNamed = (name: string): User => {
    const user = workspace.users().find((one) => one.name === name);
    if (user === undefined) throw new Error(`No user "${name}"`);
    return user;
  };
  const people = createPeopleHands({ workspace, interactions, userNamed });
  const usergroups = createUsergroupHands({ workspace, interactions, userNamed });

  url = `${await routes.listen({ host: options.host ?? "127.0.0.1", port: options.port ?? 0 })}/`;

  return {
    apiUrl: `${url}api/`,
    url,
    team: workspace.team,
    tokens,
    signingSecret,
    workspace,
    faults,
    sockets,
    problems,
    payloads,
    interactions,
    views,
    calls: (method) => calls.filter((call) => method === undefined || call.method === method),
    deliveries: () => deliverer.log(),
    setAppUrl: (changed) => {
      appUrl = changed;
    },
    requestUrl,
    as: (userName) => createPerson({ workspace, views, interactions }, userName),
    people,
    changeUser: people.change,
    changeUsergroup: usergroups.changeMembers,
    editUsergroup: usergroups.edit,
    addUsergroup: usergroups.add,
    channels: createChannelHands(workspace, interactions),
    sendEvent: async (event) => {
      await interactions.event(event);
    },
    close: async () => {
      http.close();
      await sockets.close();
      await routes.close();
    },
  };
}
