import { startSlack, type Slack } from "../support/slack.ts";
import { startApp, type RunningApp, type Transport } from "./bolt-app.ts";

describe.each<Transport>(["http", "socket"])("a Bolt app over %s", (transport) => {
  let slack: Slack;
  let app: RunningApp;

  beforeEach(async () => {
    slack = await startSlack();
    app = await startApp(slack, transport);
  });

  afterEach(async () => {
    await app.stop();
    await slack.close();
  });

  test("a command's acknowledgement is an ephemeral answer", async () => {
    const alice = slack.as("alice");
    const act = await alice.types("/echo one two", { in: "#general" });
    expect(act).toMatchObject({ outcome: "acked", status: transport === "http" ? 200 : "ack" });
    expect(alice.ephemerals().map((message) => message.visibleText)).toEqual(["You said: one two"]);
    expect(slack.channel("#general").messages()).toEqual([]);
    expect(slack.as("bob").ephemerals()).toEqual([]);
    expect(slack.deliveries()).toMatchObject([
      { kind: "slash_commands", transport, late: false, attempt: 0 },
    ]);
    expect(slack.deliveries()[0]?.payload).toMatchObject({
      command: "/echo",
      text: "one two",
      channel_name: "general",
      user_id: alice.id,
      team_id: slack.team.id,
    });
  });

  test("a form is opened, searched, changed by the app, refused and submitted", async () => {
    const alice = slack.as("alice");
    await alice.types("/form");
    await slack.until(() => alice.modal(), "the form");
    expect(alice.modal()).toMatchObject({ title: "Request access", submit: "Ask", privateMetadata: "kept" });
    expect(alice.modal()?.fields.map((field) => [field.label, field.kind, field.options])).toEqual([
      ["Resource", "external_select", []],
      ["Role", "static_select", ["Read only", "Read and write"]],
      ["Reason", "plain_text_input", []],
    ]);

    expect(await alice.searches("Resource", "led")).toEqual(["Ledger"]);
    await alice.fills("Reason", "no");
    await alice.chooses("Resource", "Orders database (production)");
    await slack.until(() => alice.modal()?.title === "Request orders", "the changed form");
    expect(alice.modal()?.fields.map((field) => field.value)).toEqual([
      "Orders database (production)",
      undefined,
      "no",
    ]);

    const incomplete = await alice.submits();
    expect(incomplete).toMatchObject({
      outcome: "not_sent",
      errors: { Role: "Please complete this required field." },
    });
    await alice.chooses("Role", "Read only");
    const refused = await alice.submits();
    expect(refused).toMatchObject({ errors: { Reason: "Say more" }, closed: false });
    expect(alice.modal()?.fields[2]?.error).toBe("Say more");
    await alice.fills("Reason", "INC-42");
    expect(await alice.submits()).toMatchObject({ closed: true, outcome: "acked" });
    expect(alice.modal()).toBeUndefined();
    expect(app.seen).toContain("submitted read INC-42 kept");
    expect(slack.problems.list()).toEqual([]);
  });

  test("a button is pressed and its message changes", async () => {
    await slack.as("alice").types("/ask");
    const message = await slack.until(() => slack.channel("#access-requests").messages()[0], "the message");
    expect(message).toMatchObject({
      author: "hallpass",
      text: "alice asks",
      visibleText: "*Alice* asks for a &lt;b&gt; &amp; c",
      renderedText: "*Alice* asks for a <b> & c",
      buttons: ["Approve", "Deny"],
    });
    await slack.as("bob").presses(message, "Approve");
    await slack.until(() => slack.fresh(message).edited, "the update");
    expect(slack.fresh(message)).toMatchObject({ visibleText: "Approved", buttons: [] });
  });

  test("respond() answers a click where only the clicker sees it", async () => {
    await slack.as("alice").types("/ask");
    const message = await slack.until(() => slack.channel("#access-requests").messages()[0], "the message");
    await slack.as("greta").presses(message, "Deny");
    await slack.until(() => slack.as("greta").ephemerals()[0], "the answer");
    expect(slack.as("greta").ephemerals()).toMatchObject([
      { visibleText: "Not you", channel: "#access-requests" },
    ]);
    expect(slack.as("alice").ephemerals()).toEqual([]);
    expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
  });
});
