import type { Workspace } from "../slack/directory/identify.ts";
import type { SlackListener } from "../slack/http-receiver.ts";

/** What there is only once Hallpass is connected to Slack. */
export type SlackLink = {
  /** The workspace Hallpass is installed in. */
  readonly workspace: () => Workspace | undefined;
  /** Takes Slack's requests in HTTP mode. */
  readonly onRequest: SlackListener;
  connected(workspace: Workspace, onRequest: SlackListener | undefined): void;
};

/** Creates a link that is not connected yet. */
export function createSlackLink(): SlackLink {
  let workspace: Workspace | undefined;
  let onRequest: SlackListener | undefined;
  return {
    workspace: () => workspace,
    async onRequest(request, response) {
      // Not connected yet: Slack retries the delivery later.
      if (onRequest) await onRequest(request, response);
      else response.writeHead(503, { connection: "close" }).end();
    },
    connected(to, listener) {
      workspace = to;
      onRequest = listener;
    },
  };
}
