// @ts-check
// `node test/servers/programs.js`: a line for each program that a server needs, and Debian's packages that bring it.
import { servers } from "./list.js";

for (const { program, packages } of Object.values(servers))
  if (program !== undefined) console.log([program, ...packages].join(" "));
