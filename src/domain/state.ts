import type { Grant } from "./grant/grant.ts";
import type { AccessRequest } from "./request/request.ts";

/** A request with its grants: what one transition reads and writes together. */
export type State = { readonly request: AccessRequest; readonly grants: readonly Grant[] };
