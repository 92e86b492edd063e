// A Hallpass of its own, as far as its PostgreSQL goes: says what it has got, and stops when its standard input ends.
import { startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";

const [dataDir = "", role] = process.argv.slice(2);
const postgres = await startEmbeddedPostgres({
  dataDir,
  role: role === "borrower" ? "borrower" : "owner",
  log: { info: () => undefined },
});
const { url, ownerUrl, adopted } = postgres;
console.log(JSON.stringify({ url, ownerUrl, adopted }));
process.stdin.on("end", () => void postgres.stop()).resume();
