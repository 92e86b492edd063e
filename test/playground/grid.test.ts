import { WebClient } from "@slack/web-api";
import type { JsonObject } from "../../slack-simulator/json.ts";
import type { InstalledApp } from "../../slack-simulator/model.ts";
import { APP, GRID_TEAM, OTHER_TEAM_ID, PEOPLE, SISTER_TEAM_ID, TEAM } from "../../slack-simulator/seed.ts";
import { startSlack, type Slack } from "../support/slack.ts";

const organisation = GRID_TEAM.enterprise?.id ?? "";
const people = [
  ...PEOPLE,
  { name: "sister", id: "W0SISTER", teamId: SISTER_TEAM_ID },
  { name: "homeless", id: "W0HOMELESS", teamId: organisation },
  { name: "partner", teamId: OTHER_TEAM_ID, enterpriseId: "E0ELSEWHERE" },
];

let slack: Slack;
let web: WebClient;
afterEach(() => slack.close());

async function start(team = GRID_TEAM, app: InstalledApp = APP): Promise<void> {
  slack = await startSlack({ seed: { team, app, people, channels: [{ name: "general" }], usergroups: [] } });
  web = new WebClient(slack.tokens.bot, { slackApiUrl: slack.apiUrl });
}

/** What the app is sent when this person types, presses a button, is offered options and sends a form. */
async function payloadsFrom(name: string): Promise<readonly JsonObject[]> {
  const user = slack.workspace.users().find((one) => one.name === name);
  if (user === undefined) throw new Error(`No user ${name}`);
  const view = slack.views.open(user.id, {
    type: "modal",
    title: { type: "plain_text", text: "Form" },
    submit: { type: "plain_text", text: "Send" },
    blocks: [
      {
        type: "input",
        block_id: "what",
        label: { type: "plain_text", text: "What" },
        optional: true,
        element: { type: "external_select", action_id: "what" },
      },
    ],
  });
  const place = { kind: "view", view } as const;
  const before = slack.deliveries().length;
  await slack.as(name).types("/request-access");
  await slack.interactions.act(user, place, { type: "button", action_id: "press", block_id: "buttons" });
  await slack.as(name).searches("What", "x");
  await slack.as(name).submits();
  return slack
    .deliveries()
    .slice(before)
    .map(({ payload }) => payload);
}

const enterprise = { enterprise_id: organisation, enterprise_name: "Example Group" };

/** A command says where it was typed; all else says where the person sits and where they are at home. */
function four(command: object, interaction: object): readonly unknown[] {
  const others = ["block_actions", "block_suggestion", "view_submission"];
  return [
    expect.objectContaining(command),
    ...others.map((type) => expect.objectContaining({ type, ...interaction })),
  ];
}

test("outside Enterprise Grid nothing names an organisation", async () => {
  await start(TEAM);
  expect(await payloadsFrom("alice")).toEqual(
    four(
      { team_id: TEAM.id, is_enterprise_install: "false" },
      {
        team: { id: TEAM.id, domain: "example" },
        user: expect.objectContaining({ team_id: TEAM.id }),
        enterprise: null,
        is_enterprise_install: false,
      },
    ),
  );
  expect(await payloadsFrom("alice")).not.toContainEqual(
    expect.objectContaining({ enterprise_id: expect.anything() }),
  );
  expect((await web.users.info({ user: "U0ALICE" })).user).not.toHaveProperty("enterprise_user");
  expect(await web.auth.test()).not.toHaveProperty("enterprise_id");
});

test.each([
  ["alice", TEAM.id],
  ["sister", SISTER_TEAM_ID],
  ["homeless", organisation],
  ["partner", OTHER_TEAM_ID],
])("%s sits in our workspace and is at home in %s", async (name, home) => {
  await start();
  expect(await payloadsFrom(name)).toEqual(
    four(
      { team_id: TEAM.id, ...enterprise, is_enterprise_install: "false" },
      {
        team: { id: TEAM.id, domain: "example", ...enterprise },
        user: expect.objectContaining({ team_id: home }),
        enterprise: GRID_TEAM.enterprise,
        is_enterprise_install: false,
      },
    ),
  );
});

test("a stranger sits in their own workspace", async () => {
  await start();
  expect(await payloadsFrom("sam")).toEqual(
    four(
      { team_id: OTHER_TEAM_ID },
      { team: { id: OTHER_TEAM_ID, domain: "elsewhere" }, enterprise: GRID_TEAM.enterprise },
    ),
  );
});

test("where the app is installed in the whole organisation, only commands name a team", async () => {
  await start(GRID_TEAM, { ...APP, isOrgWide: true });
  expect(await payloadsFrom("sister")).toEqual(
    four(
      { team_id: SISTER_TEAM_ID, ...enterprise, is_enterprise_install: "true" },
      {
        team: null,
        user: expect.objectContaining({ team_id: SISTER_TEAM_ID }),
        enterprise: GRID_TEAM.enterprise,
        is_enterprise_install: true,
      },
    ),
  );
  expect(await web.auth.test()).toMatchObject({ enterprise_id: organisation, is_enterprise_install: true });
  await slack.changeUser("sister", { deleted: true });
  expect(slack.deliveries().at(-1)?.payload).toMatchObject({
    enterprise_id: organisation,
    context_enterprise_id: organisation,
    authorizations: [{ enterprise_id: organisation, team_id: null, is_enterprise_install: true }],
  });
});

test("accounts show their home, where there is one, and their organisation; lists have the homes of others too", async () => {
  await start();
  const { members = [] } = await web.users.list({});
  const shown = (id: string): unknown => {
    const { team_id: home, enterprise_user: of } = members.find((member) => member.id === id) ?? {};
    return { home, organisation: of?.enterprise_id, teams: of?.teams };
  };
  expect(shown("U0ALICE")).toEqual({ home: TEAM.id, organisation, teams: [TEAM.id] });
  expect(shown("W0SISTER")).toEqual({
    home: SISTER_TEAM_ID,
    organisation,
    teams: [TEAM.id, SISTER_TEAM_ID],
  });
  expect(shown("W0HOMELESS")).toEqual({ home: undefined, organisation, teams: [TEAM.id] });
  expect(shown("U0PARTNER")).toEqual({
    home: OTHER_TEAM_ID,
    organisation: "E0ELSEWHERE",
    teams: [OTHER_TEAM_ID],
  });
  expect(members.map(({ id }) => id)).not.toContain("U0SAM");
});
