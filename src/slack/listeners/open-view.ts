import type { ModalView } from "@slack/types";
import { type ViewsOpenResponse, type WebClient, WebAPIPlatformError } from "@slack/web-api";

/** Opens a modal; `undefined` if another delivery of the same interaction has opened it already. */
export async function openView(
  client: WebClient,
  triggerId: string,
  view: ModalView,
): Promise<ViewsOpenResponse | undefined> {
  try {
    return await client.views.open({ trigger_id: triggerId, view });
  } catch (error) {
    if (error instanceof WebAPIPlatformError && error.data.error === "exchanged_trigger_id") return undefined;
    throw error;
  }
}
