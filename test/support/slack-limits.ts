import { isObject, type Json } from "../../slack-simulator/json.ts";
import { messageFaults, optionsFaults, viewFaults } from "../slack/limits/limits.ts";
import type { Slack } from "./slack.ts";

const messages = ["chat.postMessage", "chat.update", "chat.postEphemeral", "response_url"];
const views = ["views.open", "views.push", "views.update", "views.publish"];

/** What Slack would not have taken, or not shown, of all that Hallpass sent in this run. */
export function limitFaults(slack: Slack): readonly string[] {
  const called = slack.calls().flatMap(({ method, args, httpStatus }) => {
    // While Slack was down nobody read what was sent.
    if (httpStatus === 503) return [];
    if (views.includes(method)) return viewFaults(args["view"]).map((fault) => `${method}: ${fault}`);
    if (!messages.includes(method) || args["delete_original"] === true) return [];
    return [...messageFaults(args), ...buttonFaults(args["blocks"])].map((fault) => `${method}: ${fault}`);
  });
  const acknowledged = slack.deliveries().flatMap(({ type, status, ackBody }) => {
    const isTaken = status === "ack" || status === 200;
    return isTaken ? ackFaults(type, ackBody).map((fault) => `answer to ${type}: ${fault}`) : [];
  });
  return [...called, ...acknowledged];
}

/** A button carries the id of what it is about and nothing else: whatever more it said could be old, or somebody's making. */
function buttonFaults(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(buttonFaults);
  if (!isObject(value)) return [];
  const inner = Object.values(value).flatMap(buttonFaults);
  const { type, value: carried } = value;
  const isId = typeof carried === "string" && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/u.test(carried);
  if (type !== "button" || carried === undefined || isId) return inner;
  return [`a button carries ${JSON.stringify(carried)}, and not an id`, ...inner];
}

/** Throws when the simulated Slack refused anything, or took it for a slip. */
export function assertNoProblems(slack: Slack): void {
  const problems = slack.problems.list().map(({ where, message }) => `${where}: ${message}`);
  if (problems.length > 0) throw new Error(`Slack has problems with Hallpass:\n${problems.join("\n")}`);
}

function ackFaults(type: string, body: Json): readonly string[] {
  if (body === undefined || body === null || body === "") return [];
  if (type === "command") return messageFaults(typeof body === "string" ? { text: body } : body);
  if (type === "block_suggestion") return optionsFaults(body);
  if (typeof body !== "object" || !("view" in body)) return [];
  return viewFaults(body["view"]);
}
