import { filtered, withEntry } from "../../playground/page/store/inspector.ts";
import type { InspectorEntry } from "../../playground/protocol.ts";

function entry(id: number, change: Partial<InspectorEntry> = {}): InspectorEntry {
  return {
    id,
    kind: "call",
    at: 0,
    name: "chat.update",
    status: "ok",
    ms: 1,
    problem: null,
    request: {},
    response: {},
    ...change,
  };
}

describe("the inspector's list", () => {
  it("has the newest at the top and keeps 200", () => {
    let entries: readonly InspectorEntry[] = [];
    for (let id = 1; id <= 205; id++) entries = withEntry(entries, entry(id));
    expect(entries).toHaveLength(200);
    expect([entries.at(0)?.id, entries.at(-1)?.id]).toEqual([205, 6]);
  });

  it("replaces an entry that is known, where it stands", () => {
    const entries = [entry(2), entry(1, { status: "waiting" })];
    expect(withEntry(entries, entry(1, { status: "ack" })).map(({ status }) => status)).toEqual([
      "ok",
      "ack",
    ]);
  });

  it("filters by what was said and by problems", () => {
    const entries = [entry(2, { request: { text: "Orders" } }), entry(1, { problem: "too long" })];
    expect(filtered(entries, " orders ", false).map(({ id }) => id)).toEqual([2]);
    expect(filtered(entries, "", true).map(({ id }) => id)).toEqual([1]);
    expect(filtered(entries, "", false)).toEqual(entries);
  });
});
