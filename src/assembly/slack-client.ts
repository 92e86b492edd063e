import type { WebClient } from "@slack/web-api";
import type { Announcers } from "../notify/alerts.ts";
import { slack } from "../slack/delivery/courier.ts";
import { createSlackAnnouncer } from "../slack/delivery/surface.ts";
import { createTokenWatch, type TokenWatch } from "../slack/client/token-watch.ts";
import { type Calling, createPatientClient, createWebClient } from "../slack/client/web-client.ts";
import { createHeldBack, type HeldBack } from "../slack/delivery/held-back.ts";
import { createDirectory, type Directory } from "../slack/directory/directory.ts";
import type { Running } from "./running.ts";

/** What calls Slack, whether or not Hallpass is connected to it. */
export type SlackClient = {
  readonly calling: Calling & Running["config"]["slack"];
  /** For calls that somebody waits for. */
  readonly client: WebClient;
  /** For calls in the background. */
  readonly patient: WebClient;
  readonly directory: Directory;
  readonly heldBack: HeldBack;
  readonly token: TokenWatch;
  /** What says something at once, on each surface by its name. */
  readonly announcers: Announcers;
};

/** Creates what calls Slack; nothing is called yet. */
export function createSlackClient({ config, log, status }: Running): SlackClient {
  const token = createTokenWatch(log);
  const heldBack = createHeldBack(log, (refusal) =>
    refusal === undefined ? token.accepted() : token.refused(refusal),
  );
  status.watch("token", token.fault);
  status.watch("calls", heldBack.away);
  status.watchDegraded(() => heldBack.list());
  const calling = { ...config.slack, log, observer: heldBack.observer };
  const client = createWebClient(calling);
  const patient = createPatientClient(calling);
  const directory = createDirectory(client);
  return {
    calling,
    client,
    patient,
    directory,
    announcers: new Map([[slack, createSlackAnnouncer({ client: patient, directory })]]),
    heldBack,
    token,
  };
}
