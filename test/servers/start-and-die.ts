// Starts a keeper, asks it for the servers named in its arguments, says where they are, and waits to be killed.
import { type ServerName, testServer } from "./ask.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A name that is none is refused by the keeper.
const names = process.argv.slice(2) as ServerName[];
const found = await Promise.all(names.map(testServer));
console.log(JSON.stringify(found.map(({ url }) => url)));
process.stdin.resume();
