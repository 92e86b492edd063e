// Runs in its own thread, started by `verify-parallel.ts`.
import { parentPort, workerData } from "node:worker_threads";
import { withSnapshot } from "../chain/snapshot.ts";
import type { Order, Said } from "./verify-parallel.ts";
import { verifyPlaces } from "./verify-places.ts";

const { snapshot, places }: Order = workerData;
const say = (said: Said): void => parentPort?.postMessage(said);
say({
  found: await withSnapshot(snapshot, (client) => verifyPlaces(client, places, (more) => say({ more }))),
});
