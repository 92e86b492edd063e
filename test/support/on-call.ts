import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

type Json = Readonly<Record<string, unknown>>;
type Answer = {
  readonly status: number;
  readonly body: Json | string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A pretended on-call service, over HTTP. */
export type OnCallServer<Schedule> = {
  /** For PAGERDUTY_API_URL or OPSGENIE_API_URL; ends in `/`. */
  readonly url: string;
  /** The one key it accepts. */
  readonly token: string;
  /** Sets a schedule, or takes it away. */
  put(id: string, schedule: Schedule | undefined): void;
  /** Answers the next `times` requests so, whatever they ask. */
  answerNext(answer: Partial<Answer>, times?: number): void;
  /** Answers nothing any more, until the function that it returns is called. */
  hold(): () => void;
  /** Method, path and query of all requests so far, readably. */
  requests(): readonly string[];
  close(): Promise<void>;
};

export type PagerDutyShift = {
  /** Absent: somebody whose user PagerDuty does not show. */
  readonly email?: string;
  readonly level?: number;
  /** `null`: since ever, for ever. */
  readonly start?: Date | null;
  readonly end?: Date | null;
};

export type PagerDutySchedule = {
  readonly onCall: readonly PagerDutyShift[];
  /** False: no escalation policy uses it, and PagerDuty has nobody on call by it. */
  readonly isUsed?: boolean;
  /** A shift-based schedule, which has an address of its own. */
  readonly isShiftBased?: boolean;
};

export type OpsgenieSchedule = {
  readonly name: string;
  readonly onCall: readonly string[];
  readonly enabled?: boolean;
};

/**
 * A PagerDuty that answers as the API's schema says (https://github.com/PagerDuty/api-schema), one thing excepted: it lists
 * a schedule's shifts whenever they are, so that tests can see who looks at their times.
 */
export async function startPagerDuty(): Promise<OnCallServer<PagerDutySchedule>> {
  const token = "pd-key";
  return startServer<PagerDutySchedule>(token, (request, url, schedules) => {
    if (request.headers.authorization !== `Token token=${token}`)
      return { status: 401, body: { error: { code: 2006, message: "Authentication failed" } } };
    if (request.headers.accept !== "application/vnd.pagerduty+json;version=2")
      return { status: 400, body: { error: { code: 2001, message: "Accept names no version" } } };
    if (url.pathname === "/oncalls") return { status: 200, body: onCalls(url.searchParams, schedules) };
    const [, version, id = ""] = /^\/(v3\/)?schedules\/([^/]+)$/.exec(url.pathname) ?? [];
    const schedule = schedules.get(id);
    if (!schedule || (schedule.isShiftBased ?? false) !== (version !== undefined))
      return { status: 404, body: { error: { code: 2100, message: "Not Found" } } };
    const policies = schedule.isUsed === false ? [] : [{ id: "PESC1", type: "escalation_policy_reference" }];
    return { status: 200, body: { schedule: { id, name: id, escalation_policies: policies } } };
  });
}

function onCalls(query: URLSearchParams, schedules: ReadonlyMap<string, PagerDutySchedule>): Json {
  const wanted = query.getAll("schedule_ids[]");
  const limit = Math.min(Number(query.get("limit") ?? 25), 100);
  const offset = Number(query.get("offset") ?? 0);
  const entries = [...schedules]
    .filter(([id, { isUsed }]) => isUsed !== false && (wanted.length === 0 || wanted.includes(id)))
    .flatMap(([id, { onCall }]) =>
      onCall.map(({ email, level = 1, start = null, end = null }, index) => ({
        user: {
          id: `PUSER${index}`,
          // The address comes with the whole user only.
          ...(query.getAll("include[]").includes("users") && email !== undefined
            ? { type: "user", email }
            : { type: "user_reference", summary: email ?? "Somebody" }),
        },
        schedule: { id, type: "schedule_reference" },
        escalation_policy: { id: "PESC1", type: "escalation_policy_reference" },
        escalation_level: level,
        start: start?.toISOString() ?? null,
        end: end?.toISOString() ?? null,
      })),
    );
  const more = offset + limit < entries.length;
  return { oncalls: entries.slice(offset, offset + limit), limit, offset, more, total: null };
}

/** An Opsgenie that answers as https://docs.opsgenie.com/docs/who-is-on-call-api says; schedules are put by their id. */
export async function startOpsgenie(): Promise<OnCallServer<OpsgenieSchedule>> {
  const token = "og-key";
  return startServer<OpsgenieSchedule>(token, (request, url, schedules) => {
    if (request.headers.authorization !== `GenieKey ${token}`)
      return { status: 401, body: { message: "Could not authenticate", took: 0, requestId: "r" } };
    const [, identifier] = /^\/v2\/schedules\/([^/]+)\/on-calls$/.exec(url.pathname) ?? [];
    const wanted = decodeURIComponent(identifier ?? "");
    const isByName = url.searchParams.get("scheduleIdentifierType") === "name";
    const [id, schedule] = [...schedules].find(([key, { name }]) => (isByName ? name : key) === wanted) ?? [];
    if (!schedule)
      return { status: 404, body: { message: `No schedule exists with [${wanted}]`, requestId: "r" } };
    const { name, onCall, enabled = true } = schedule;
    const people = onCall.map((email) => ({ id: email, name: email, type: "user" }));
    return {
      status: 200,
      body: {
        data: {
          _parent: { id, name, enabled },
          ...(url.searchParams.get("flat") === "true"
            ? { onCallRecipients: onCall }
            : { onCallParticipants: people }),
        },
        took: 0.1,
        requestId: "r",
      },
    };
  });
}

async function startServer<Schedule>(
  token: string,
  answer: (request: IncomingMessage, url: URL, schedules: ReadonlyMap<string, Schedule>) => Answer,
): Promise<OnCallServer<Schedule>> {
  const schedules = new Map<string, Schedule>();
  const requests: string[] = [];
  const next: Partial<Answer>[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://localhost");
    requests.push(`${request.method} ${decodeURIComponent(url.pathname + url.search)}`);
    const {
      status,
      body,
      headers = {},
    } = {
      ...answer(request, url, schedules),
      ...next.shift(),
    };
    const reply = (): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
    if (isHolding) held.push(reply);
    else reply();
  }

  const server = createServer(serve);
  return {
    url: await listen(server),
    token,
    put(id, schedule) {
      if (schedule) schedules.set(id, schedule);
      else schedules.delete(id);
    },
    answerNext(given, times = 1) {
      next.push(...Array.from({ length: times }, () => given));
    },
    hold() {
      isHolding = true;
      return () => {
        isHolding = false;
        for (const reply of held.splice(0)) reply();
      };
    },
    requests: () => [...requests],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port");
  return `http://127.0.0.1:${address.port}/`;
}
