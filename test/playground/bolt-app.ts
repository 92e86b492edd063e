import bolt, { type BlockAction, type ButtonAction, type types, type ViewClosedAction } from "@slack/bolt";
import type { Slack } from "../support/slack.ts";

const { App, HTTPReceiver, LogLevel, SocketModeReceiver } = bolt;

// The tests look at what people see; what the app complains about on the way is part of the plan.
const silent = (): void => {};
const logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  setLevel: silent,
  getLevel: () => LogLevel.ERROR,
  setName: silent,
};

export interface RunningApp {
  /** What the app saw, in order. */
  readonly seen: readonly string[];
  /** Calls Slack as the app. */
  readonly client: InstanceType<typeof App>["client"];
  /** Acknowledges the command `/slow`, at last. */
  acknowledgeSlow(): void;
  stop(): Promise<void>;
}

export type Transport = "http" | "socket";

/** The form the app opens; `extra` is added as it is. */
export function form(extra: Partial<types.ModalView> = {}): types.ModalView {
  return {
    type: "modal",
    callback_id: "ask",
    private_metadata: "kept",
    title: { type: "plain_text", text: "Request access" },
    submit: { type: "plain_text", text: "Ask" },
    close: { type: "plain_text", text: "Cancel" },
    blocks: [
      {
        type: "input",
        block_id: "resource",
        dispatch_action: true,
        label: { type: "plain_text", text: "Resource" },
        element: { type: "external_select", action_id: "resource", min_query_length: 0 },
      },
      {
        type: "input",
        block_id: "role",
        label: { type: "plain_text", text: "Role" },
        element: {
          type: "static_select",
          action_id: "role",
          options: [option("Read only", "read"), option("Read and write", "write")],
        },
      },
      {
        type: "input",
        block_id: "reason",
        label: { type: "plain_text", text: "Reason" },
        hint: { type: "plain_text", text: "Why now" },
        element: { type: "plain_text_input", action_id: "reason", multiline: true, max_length: 300 },
      },
    ],
    ...extra,
  };
}

/** A small but real Bolt app, connected to the simulated workspace one way or the other. */
export async function startApp(slack: Slack, transport: Transport): Promise<RunningApp> {
  const clientOptions = {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 2, minTimeout: 10, maxTimeout: 20 },
  };
  const receiver =
    transport === "http"
      ? new HTTPReceiver({ signingSecret: slack.signingSecret, logger })
      : new SocketModeReceiver({
          appToken: slack.tokens.app,
          clientPingTimeout: 300,
          logger,
          installerOptions: { clientOptions },
        });
  const app = new App({
    token: slack.tokens.bot,
    receiver,
    clientOptions,
    logger,
    deferInitialization: true,
  });
  const seen: string[] = [];
  let acknowledgeSlow = (): void => undefined;

  app.command("/echo", async ({ ack, command }) => ack(`You said: ${command.text}`));
  app.command("/slow", async ({ ack }) => {
    await new Promise<void>((resolve) => {
      acknowledgeSlow = resolve;
    });
    await ack("too late");
  });
  app.command("/announce", async ({ ack, respond, command }) => {
    await ack();
    for (let count = 0; count < Number(command.text); count += 1)
      await respond({ text: `answer ${count + 1}` });
  });
  app.command("/trigger", async ({ ack, command }) => {
    seen.push(`trigger ${command.trigger_id}`);
    await ack();
  });
  app.command("/too-long", async ({ ack }) =>
    ack({ blocks: [{ type: "header", text: { type: "plain_text", text: "h".repeat(151) } }] }),
  );
  app.command("/form", async ({ ack, client, command }) => {
    await ack();
    await client.views.open({ trigger_id: command.trigger_id, view: form() });
  });
  app.command("/ask", async ({ ack, client, command }) => {
    await ack();
    const message = {
      channel: "#access-requests",
      text: `${command.user_name} asks`,
      blocks: [
        { type: "section", text: { type: "mrkdwn", text: "*Alice* asks for a &lt;b&gt; &amp; c" } },
        {
          type: "actions",
          block_id: "decision",
          elements: [button("Approve", "approve"), button("Deny", "deny")],
        },
      ],
    } as const;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's method, not the browser's
    await client.chat.postMessage(message);
  });

  app.options("resource", async ({ ack, options }) => {
    seen.push(`options ${options.value}`);
    const all = [option("Orders database (production)", "orders-db"), option("Ledger", "ledger")];
    await ack({
      options: all.filter((one) => one.text.text.toLowerCase().includes(options.value.toLowerCase())),
    });
  });
  app.action<BlockAction>("resource", async ({ ack, body, client }) => {
    await ack();
    const { view } = body;
    seen.push(`chose resource`);
    await client.views.update({
      view_id: view?.id ?? "",
      hash: view?.hash ?? "",
      view: form({ title: { type: "plain_text", text: "Request orders" } }),
    });
  });
  app.view("ask", async ({ ack, view }) => {
    const { values } = view.state;
    const reason = values.reason?.reason?.value ?? "";
    seen.push(`submitted ${values.role?.role?.selected_option?.value} ${reason} ${view.private_metadata}`);
    if (reason === "no") await ack({ response_action: "errors", errors: { reason: "Say more" } });
    else if (reason === "stray") await ack({ response_action: "errors", errors: { nowhere: "Lost" } });
    else if (reason === "more") await ack({ response_action: "push", view: form({ callback_id: "second" }) });
    else await ack();
  });
  app.view<ViewClosedAction>({ callback_id: "told", type: "view_closed" }, async ({ ack, body }) => {
    seen.push(`closed ${body.is_cleared}`);
    await ack();
  });

  app.action<BlockAction<ButtonAction>>("approve", async ({ ack, body, client, context }) => {
    await ack();
    seen.push(
      `approve ${body.user.id} ${body.user.team_id} retry ${context.retryNum ?? 0} ${body.actions[0]?.action_ts}`,
    );
    await client.chat.update({
      channel: body.channel?.id ?? "",
      ts: body.message?.ts ?? "",
      text: "Approved",
    });
  });
  app.action("deny", async ({ ack, respond }) => {
    await ack();
    await respond({ text: "Not you", response_type: "ephemeral", replace_original: false });
  });
  app.event("user_change", async ({ event }) => {
    seen.push(`user_change ${event.user.name} deleted ${event.user.deleted}`);
  });
  app.event("app_home_opened", async ({ event, client }) => {
    await client.views.publish({
      user_id: event.user,
      view: { type: "home", blocks: [{ type: "section", text: { type: "mrkdwn", text: "Nothing yet" } }] },
    });
  });

  await app.init();
  const server = transport === "http" ? await app.start({ port: 0, host: "127.0.0.1" }) : undefined;
  if (transport === "socket") await app.start();
  const address = server?.address();
  if (typeof address === "object") slack.setAppUrl(`http://127.0.0.1:${address?.port}`);
  return {
    seen,
    client: app.client,
    acknowledgeSlow: () => acknowledgeSlow(),
    stop: async () => void (await app.stop()),
  };
}

function option(text: string, value: string): { text: { type: "plain_text"; text: string }; value: string } {
  return { text: { type: "plain_text", text }, value };
}

function button(
  text: string,
  actionId: string,
): { type: "button"; action_id: string; text: { type: "plain_text"; text: string }; value: string } {
  return { type: "button", action_id: actionId, text: { type: "plain_text", text }, value: "AR-1" };
}
