import { inChannel, linesOf, repliesTo } from "../../playground/page/store/conversation.ts";
import { message } from "./message.ts";

describe("a conversation", () => {
  const root = message("1000.000100", { threadTs: "1000.000100" });
  const reply = message("1001.000100", { threadTs: root.ts });
  const broadcast = message("1002.000100", { threadTs: root.ts, isBroadcast: true });
  const other = message("1003.000100");
  const all = [root, reply, broadcast, other];

  it("shows a channel without replies, but with those also sent to it", () => {
    expect(inChannel(all)).toEqual([root, broadcast, other]);
  });

  it("shows a thread with all its replies and not its root", () => {
    expect(repliesTo(all, root.ts)).toEqual([reply, broadcast]);
    expect(repliesTo(all, other.ts)).toEqual([]);
  });
});

describe("lines", () => {
  function following(...messages: Parameters<typeof linesOf>[0]): readonly boolean[] {
    return linesOf(messages, "UTC").flatMap((line) => (line.kind === "message" ? [line.isFollowing] : []));
  }

  it("put one author's messages together for five minutes", () => {
    expect(following(message("1000.000000"), message("1299.000000"), message("1599.000000"))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("keep authors, and what only one person sees, apart", () => {
    expect(following(message("1000.0"), message("1001.0", { userId: "U0ALICE" }))).toEqual([false, false]);
    expect(following(message("1000.0"), message("1001.0", { isEphemeral: true }))).toEqual([false, false]);
  });

  it("divide days where the reader's midnight is", () => {
    const messages = [message("1767222000.0"), message("1767222060.0")];
    const days = (zone: string): number =>
      linesOf(messages, zone).filter(({ kind }) => kind === "day").length;
    expect(days("UTC")).toBe(1);
    // 23:00 and 23:01 UTC are 0:00 and 0:01 in Berlin; the first of each list always has its day.
    expect(days("Europe/Berlin")).toBe(1);
    expect(
      linesOf([message("1767221940.0"), message("1767222000.0")], "Europe/Berlin").map(({ kind }) => kind),
    ).toEqual(["day", "message", "day", "message"]);
  });
});
