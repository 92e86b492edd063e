import type { Logger } from "../logger.ts";
import { plain, post, type PostingDeps, postTo } from "./posting.ts";
import { shorten } from "./views/rich-text.ts";

/** As much as a section of a message holds. */
const longestText = 3_000;

/** Says something in the alerts channel that is about no request. Nobody waits for it; what fails is logged. */
export function tellAlerts(
  deps: PostingDeps & { readonly log: Logger },
  channel: string,
  text: string,
): void {
  postTo(deps.directory, channel, (id) => post(deps.client, id, plain(shorten(text, longestText)))).catch(
    (error: unknown) => deps.log.warn({ err: error, channel }, "the alerts channel could not be told"),
  );
}
