// Every kind of provider there is, a line each. The policy's schema, `policy check`, what is opened, the docs' table and the
// contract suite follow from it.
export { http } from "./http/index.ts";
export { postgres } from "./postgres/index.ts";
