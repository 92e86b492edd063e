// Every kind of provider, one a line. The policy's schema, `policy check`, the providers opened, the docs' table and
// the contract suite are derived from it.
export { http } from "./http/index.ts";
export { postgres } from "./postgres/index.ts";
