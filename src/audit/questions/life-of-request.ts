import { type AuditReader, type LoggedEvent, requestOfNumber } from "./read-events.ts";

/** Reads every event of a request, in log order; none if there is no such request. */
export async function lifeOfRequest(reader: AuditReader, number: number): Promise<readonly LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  const log = reader.events({
    sql: `e.request_id = ${requestOfNumber("$1::int")}`,
    values: [number],
    order: "seq",
  });
  for await (const event of log) events.push(event);
  return events;
}
