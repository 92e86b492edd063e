// `npm run docs:events`: writes docs/audit-events.md.
import { writeFile } from "node:fs/promises";
import { eventsPage } from "./events-page.ts";

await writeFile(new URL("../../docs/audit-events.md", import.meta.url), eventsPage());
