// The floor, in a process of its own: bare Bolt that verifies the signature, writes with one SQL statement the rows that
// Hallpass writes, and acknowledges. It knows beforehand what Hallpass has to find out: who this is, what the policy
// says, whether the request is still pending.
import { App, HTTPReceiver } from "@slack/bolt";
import { v7 as uuidv7 } from "uuid";
import { openDatabase } from "../src/persistence/database/database.ts";
import { approveRequest, fileRequest, meetPeople, type Numbered } from "./support/floor-statements.ts";
import { person, personById, requesterCount, workspace } from "./support/workspace.ts";

const [databaseUrl = "", policyVersion = ""] = process.argv.slice(2);
const { prisma: db } = openDatabase(databaseUrl, { applicationName: "hallpass bench floor" });
const numbers = await meetPeople(
  db,
  Array.from({ length: requesterCount + 1 }, (_, number) => person(number)),
);
const receiver = new HTTPReceiver({ signingSecret: workspace.signingSecret, endpoints: "/slack/events" });
const app = new App({
  receiver,
  authorize: () => Promise.resolve({ ...workspace, botToken: workspace.botToken }),
});

app.command("/request-access", async ({ ack, command }) => {
  const id = uuidv7();
  const number = await fileRequest(db, {
    id,
    policyVersion,
    requester: numbered(command.user_id),
    dedupeKey: command.trigger_id,
    reason: command.text,
  });
  await ack({ response_type: "ephemeral", text: `AR-${number}` });
});

app.action({ type: "block_actions", action_id: "approve_request" }, async ({ ack, action }) => {
  if (action.type !== "button") throw new Error(`expected a button, got ${action.type}`);
  await approveRequest(db, { id: action.value ?? "", policyVersion, approver: numbered(person(0).id) });
  await ack();
});

const server = await receiver.start({ port: 0, host: "127.0.0.1" });
server.keepAliveTimeout = 65_000;
const address = server.address();
if (address === null || typeof address === "string") throw new Error("the floor has no port");
process.send?.({ ready: `http://127.0.0.1:${address.port}` });
process.once("disconnect", () => process.exit(0));

function numbered(account: string): Numbered {
  return { ...personById(account), number: numbers.get(account) ?? 0 };
}
