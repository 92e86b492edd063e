// Slack's Web API, in a process of its own: it answers whatever the bot asks at once and limits nothing.
import { createServer } from "node:http";
import { person, personById, requesterCount, workspace } from "./support/workspace.ts";

const people = Array.from({ length: requesterCount + 1 }, (_, number) => person(number));
let lastTs = 1_700_000_000;

/** What a method answers beside `ok`. */
function answer(method: string, args: URLSearchParams): object {
  switch (method) {
    case "auth.test":
      return { team_id: workspace.teamId, user_id: workspace.botUserId, bot_id: workspace.botId };
    case "users.info":
      return { user: account(personById(args.get("user") ?? "")) };
    case "users.lookupByEmail": {
      const found = people.find(({ email }) => email === args.get("email"));
      return found ? { user: account(found) } : {};
    }
    case "conversations.list":
      return { channels: [workspace.channel], response_metadata: { next_cursor: "" } };
    case "conversations.info":
      return { channel: workspace.channel };
    case "conversations.open":
      return { channel: { id: `D${args.get("users") ?? ""}` } };
    case "chat.postMessage":
      lastTs += 1;
      return {
        channel: args.get("channel"),
        ts: `${lastTs}.000100`,
        message: { thread_ts: args.get("thread_ts") },
      };
    case "chat.update":
      return { channel: args.get("channel"), ts: args.get("ts") };
    default:
      return {};
  }
}

function account({ id, name, email }: ReturnType<typeof person>): object {
  return {
    id,
    team_id: workspace.teamId,
    name,
    is_email_confirmed: true,
    profile: { real_name: name, email },
  };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const args = new URLSearchParams(Buffer.concat(chunks).toString());
    const method = (request.url ?? "").replace("/api/", "");
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ok: true, ...answer(method, args) }));
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stub has no port");
  process.send?.({ ready: `http://127.0.0.1:${address.port}/api/` });
});
process.once("disconnect", () => process.exit(0));
