import { z } from "zod";
import { normalEmail } from "../policy/principal.ts";
import { createOnCallApi, type OnCall, type OnCallSettings } from "./on-call.ts";

const OnCalls = z.object({
  data: z
    .object({ _parent: z.object({ enabled: z.boolean() }), onCallRecipients: z.array(z.string()) })
    .transform(({ _parent: schedule, onCallRecipients }) => ({ schedule, onCallRecipients })),
});

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads who is on call from Opsgenie (https://docs.opsgenie.com/docs/who-is-on-call-api), whose user names are e-mail
 * addresses. Opsgenie resolves the escalations and teams of a schedule to people (`flat`).
 */
export function createOpsgenie(settings: OnCallSettings): OnCall {
  const api = createOnCallApi(
    {
      name: "Opsgenie",
      headers: { accept: "application/json", authorization: `GenieKey ${settings.token}` },
      tokenSetting: "OPSGENIE_API_KEY",
      urlSetting: "OPSGENIE_API_URL",
      tokenHowTo:
        "make an API key that may read, not restricted to another team; accounts in the EU also need " +
        "OPSGENIE_API_URL=https://api.eu.opsgenie.com",
      // The rate limits are per second and per minute; this header says which one was reached.
      waitHeaders: ["retry-after", "x-ratelimit-period-in-sec"],
    },
    settings,
  );
  return {
    async onCall(schedule) {
      const found = await api.get(
        `v2/schedules/${encodeURIComponent(schedule)}/on-calls`,
        [
          ["flat", "true"],
          ["scheduleIdentifierType", idPattern.test(schedule) ? "id" : "name"],
        ],
        OnCalls,
        api.deadline(),
      );
      if (!found) throw new Error(`Opsgenie has no schedule ${schedule}: give its name as it is, or its id`);
      if (!found.data.schedule.enabled)
        throw new Error(`the Opsgenie schedule ${schedule} is disabled: enable it there`);
      return new Set(found.data.onCallRecipients.map(normalEmail));
    },
  };
}
