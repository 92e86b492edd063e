import { encode, signature } from "../../slack-simulator/http-transport.ts";
import { person, requesterCount, workspace } from "./workspace.ts";

/** What Slack delivers: a slash command that files a request, or a click that approves one. */
export type Interaction = "command" | "click";

/** A signed request to `/slack/events`, unlike any other: each has its own trigger and time. */
export type Delivery = { readonly body: string; readonly headers: Readonly<Record<string, string>> };

/** `slackUrl`: where a `response_url` leads. */
export type Deliveries = {
  command(): Delivery;
  click(requestId: string): Delivery;
};

/** Delivers as Slack does; `run` tells the interactions of one run from those of another. */
export function createDeliveries(slackUrl: string, run: string): Deliveries {
  let count = 0;
  const next = (): { readonly number: number; readonly trigger: string } => {
    count += 1;
    return { number: count, trigger: `${run}.${count}` };
  };
  return {
    command() {
      const { number, trigger } = next();
      const user = person(1 + (number % requesterCount));
      return sign("slash_commands", {
        token: "deprecated",
        team_id: workspace.teamId,
        team_domain: "bench",
        channel_id: workspace.channel.id,
        channel_name: workspace.channel.name,
        user_id: user.id,
        user_name: user.name,
        command: "/request-access",
        text: `orders-db read 1h looking at the slow orders of INC-${trigger}`,
        api_app_id: "A0BENCH",
        is_enterprise_install: "false",
        response_url: `${slackUrl}respond`,
        trigger_id: trigger,
      });
    },
    click(requestId) {
      const { trigger } = next();
      const user = person(0);
      const messageTs = trigger;
      return sign("interactive", {
        type: "block_actions",
        team: { id: workspace.teamId, domain: "bench" },
        user: { id: user.id, username: user.name, name: user.name, team_id: workspace.teamId },
        api_app_id: "A0BENCH",
        token: "deprecated",
        enterprise: null,
        is_enterprise_install: false,
        container: {
          type: "message",
          message_ts: messageTs,
          channel_id: workspace.channel.id,
          is_ephemeral: false,
        },
        channel: workspace.channel,
        message: {
          type: "message",
          ts: messageTs,
          user: workspace.botUserId,
          bot_id: workspace.botId,
          text: "An access request",
        },
        state: { values: {} },
        trigger_id: trigger,
        response_url: `${slackUrl}respond`,
        actions: [
          {
            type: "button",
            action_id: "approve_request",
            block_id: "decide",
            text: { type: "plain_text", text: "Approve" },
            value: requestId,
            action_ts: trigger,
          },
        ],
      });
    },
  };
}

function sign(kind: "slash_commands" | "interactive", payload: Parameters<typeof encode>[1]): Delivery {
  const { body, contentType } = encode(kind, payload);
  const timestamp = Math.trunc(Date.now() / 1000);
  return {
    body,
    headers: {
      "content-type": contentType,
      "x-slack-request-timestamp": String(timestamp),
      "x-slack-signature": signature(workspace.signingSecret, timestamp, body),
    },
  };
}
