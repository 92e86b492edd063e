import { eventsPage } from "./events-page.ts";
import { readPage } from "./markdown.ts";

test("the page of events is what the schemas say; `npm run docs:events` writes it", async () => {
  expect(await readPage("audit-events.md")).toBe(eventsPage());
});
