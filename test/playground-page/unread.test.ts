import { isLastRead, markRead, mentions, unreadOf } from "../../playground/page/store/unread.ts";
import { message } from "./message.ts";

const channel = { kind: "channel" } as const;
const direct = { kind: "direct" } as const;

describe("what is unread", () => {
  it("is what others wrote since the last look", () => {
    const messages = [message("1.000001"), message("2.000001")];
    expect(unreadOf(channel, messages, undefined, "U0ALICE")).toEqual({ isUnread: true, count: 0 });
    expect(unreadOf(channel, messages, "1.000001", "U0ALICE").isUnread).toBe(true);
    expect(unreadOf(channel, messages, "2.000001", "U0ALICE")).toEqual({ isUnread: false, count: 0 });
  });

  it("is never what one wrote oneself", () => {
    expect(unreadOf(direct, [message("1.0", { userId: "U0ALICE" })], undefined, "U0ALICE")).toEqual({
      isUnread: false,
      count: 0,
    });
  });

  it("counts each direct message, and in channels what names the person", () => {
    const named = message("2.0", { text: "look, <@U0ALICE>" });
    expect(unreadOf(direct, [message("1.0"), named], undefined, "U0ALICE").count).toBe(2);
    expect(unreadOf(channel, [message("1.0"), named], undefined, "U0ALICE").count).toBe(1);
  });

  it("does not make a channel bold for replies, unless one names the person", () => {
    const reply = message("2.0", { threadTs: "1.0" });
    expect(unreadOf(channel, [reply], undefined, "U0ALICE").isUnread).toBe(false);
    const named = { ...reply, text: "<@U0ALICE>" };
    expect(unreadOf(channel, [named], undefined, "U0ALICE")).toEqual({ isUnread: true, count: 1 });
  });

  it("finds a name in rich text, and not another that begins alike", () => {
    const blocks = [{ type: "rich_text", elements: [{ elements: [{ type: "user", user_id: "U0ALICE2" }] }] }];
    expect(mentions({ text: "", blocks }, "U0ALICE2")).toBe(true);
    expect(mentions({ text: "", blocks }, "U0ALICE")).toBe(false);
  });
});

describe("the last look", () => {
  it("is kept per person and channel, and never goes back", () => {
    const first = markRead({}, "alice", "C0A", "2.0");
    expect(first).toEqual({ alice: { C0A: "2.0" } });
    expect(markRead(first, "alice", "C0A", "1.0")).toBe(first);
    expect(markRead(first, "bob", "C0A", "1.0")).toEqual({ alice: { C0A: "2.0" }, bob: { C0A: "1.0" } });
  });

  it("is not read from what somebody else put into the storage", () => {
    expect(isLastRead({ alice: { C0A: "1.0" } })).toBe(true);
    expect([null, "x", { alice: null }, { alice: { C0A: 1 } }].map(isLastRead)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
