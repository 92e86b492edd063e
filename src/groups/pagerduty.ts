import { z } from "zod";
import { normalEmail } from "../policy/principal.ts";
import { createOnCallApi, type OnCall, type OnCallApi, type OnCallSettings } from "./on-call.ts";

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const OnCalls = z.object({
  oncalls: z.array(
    z.object({
      user: z.object({ email: z.string().nullish() }),
      schedule: z.object({ id: z.string() }).nullish(),
      /** `null`: no limit. */
      start: Moment.nullish(),
      end: Moment.nullish(),
    }),
  ),
  more: z.boolean(),
});
type Entry = z.infer<typeof OnCalls>["oncalls"][number];

const Schedule = z.object({ schedule: z.object({ escalation_policies: z.array(z.unknown()).optional() }) });

const pageSize = 100;
/** PagerDuty's pagination ends here: https://developer.pagerduty.com/docs/rest-api-v2/pagination/ */
const lastOffset = 10_000;

/**
 * Reads who is on call from PagerDuty (REST API v2, https://developer.pagerduty.com/api-reference, "List all of the
 * on-calls"). A schedule counts at whichever level an escalation policy has it: the level only decides who is paged
 * first, and higher levels are on call as well. `time` returns milliseconds since 1970.
 */
export function createPagerDuty({
  time = Date.now,
  ...settings
}: OnCallSettings & { readonly time?: () => number }): OnCall {
  const api = createOnCallApi(
    {
      name: "PagerDuty",
      headers: {
        accept: "application/vnd.pagerduty+json;version=2",
        "content-type": "application/json",
        authorization: `Token token=${settings.token}`,
      },
      tokenSetting: "PAGERDUTY_API_TOKEN",
      urlSetting: "PAGERDUTY_API_URL",
      tokenHowTo:
        "make a read-only key under Integrations → API Access Keys; accounts in the EU also need " +
        "PAGERDUTY_API_URL=https://api.eu.pagerduty.com",
      waitHeaders: ["ratelimit-reset", "retry-after"],
    },
    settings,
  );
  return {
    async onCall(schedule) {
      const signal = api.deadline();
      const entries = await entriesOf(api, schedule, signal);
      const now = time();
      // PagerDuty was asked for this schedule and moment, but this gives authority, so check it here too.
      const current = entries.filter((entry) => entry.schedule?.id === schedule && covers(entry, now));
      if (current.length === 0) await insistOn(api, schedule, signal);
      const emails = current.flatMap(({ user }) => (user.email ? [normalEmail(user.email)] : []));
      if (current.length > 0 && emails.length === 0)
        throw new Error("PagerDuty shows no e-mail addresses: PAGERDUTY_API_TOKEN may not read users");
      return new Set(emails);
    },
  };
}

async function entriesOf(api: OnCallApi, schedule: string, signal: AbortSignal): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (let offset = 0; offset < lastOffset; offset += pageSize) {
    const query = [
      ["schedule_ids[]", schedule],
      ["include[]", "users"],
      ["limit", String(pageSize)],
      ["offset", String(offset)],
    ] as const;
    const page = await api.get("oncalls", query, OnCalls, signal);
    if (!page) throw noSuch(schedule);
    entries.push(...page.oncalls);
    if (!page.more) return entries;
  }
  throw new Error(`PagerDuty lists more than ${lastOffset} entries for the schedule ${schedule}`);
}

function covers({ start, end }: Entry, now: number): boolean {
  return (start ?? -Infinity) <= now && now < (end ?? Infinity);
}

/** Throws for a schedule that does not exist or that pages nobody: PagerDuty answers "nobody" for both. */
async function insistOn(api: OnCallApi, id: string, signal: AbortSignal): Promise<void> {
  const path = `schedules/${encodeURIComponent(id)}`;
  // Shift-based schedules answer only at the second address (Schedules API: v2 → v3 Upgrade Guide).
  const found =
    (await api.get(path, [], Schedule, signal)) ?? (await api.get(`v3/${path}`, [], Schedule, signal));
  if (!found) throw noSuch(id);
  if (found.schedule.escalation_policies?.length === 0)
    throw new Error(
      `no escalation policy of PagerDuty uses the schedule ${id}, so that nobody is ever on call by it`,
    );
}

function noSuch(schedule: string): Error {
  return new Error(
    `PagerDuty has no schedule ${schedule}: take the id from the schedule's address, such as PABC123`,
  );
}
