import type { Place } from "../../protocol.ts";
import type { JsonObject } from "../../../slack-simulator/json.ts";

/** One block with what its own elements hold. */
export interface BlockProps {
  readonly block: JsonObject;
  readonly blockId: string;
  readonly place: Place;
  readonly values: Readonly<Record<string, JsonObject>>;
  readonly error: string | undefined;
}
