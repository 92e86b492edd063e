import type { FaultName } from "../../protocol.ts";

/** Each fault by name, and what to expect while it is on. */
export const faultWords: Readonly<Record<FaultName, { readonly title: string; readonly expect: string }>> = {
  slow: {
    title: "Slack is slow",
    expect:
      "Every answer of Slack's takes seconds. Messages come later; nothing is lost and nothing is said twice.",
  },
  down: {
    title: "Slack is down",
    expect:
      "Hallpass loses its connection. Access still ends on time; what there is to say is said once Slack is back.",
  },
  rate_limited: {
    title: "Slack limits the rate (429)",
    expect: "Calls are turned away with 429. Hallpass waits as long as Slack asks and tries again.",
  },
  duplicates: {
    title: "Events arrive twice",
    expect:
      "Each click and command reaches Hallpass twice. There is one request, one approval, one grant all the same.",
  },
  provider_down: {
    title: "Orders database unreachable",
    expect:
      "Grants fail and revocations are tried again until the access is proven gone. The alerts channel hears of it.",
  },
};
