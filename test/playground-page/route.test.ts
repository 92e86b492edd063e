import { formatRoute, parseRoute } from "../../playground/page/store/route.ts";

describe("the URL's hash", () => {
  it.each([
    ["#alice/C0ACCESSREQUESTS/1700000000.000100", ["alice", "C0ACCESSREQUESTS", "1700000000.000100"]],
    ["#alice/C0ACCESSREQUESTS", ["alice", "C0ACCESSREQUESTS", null]],
    ["#alice/home", ["alice", "home", null]],
    ["#alice", ["alice", null, null]],
    ["", [null, null, null]],
  ])("reads %s and writes it again", (hash, [person = null, place = null, thread = null]) => {
    expect(parseRoute(hash)).toEqual({ person, place, thread });
    expect(formatRoute({ person, place, thread })).toBe(hash || "#");
  });

  it.each(["#alice/C0A/later", "#alice/home/1.1", "#alice/C0A/%E0%A4%A"])(
    "leaves out a thread that is none: %s",
    (hash) => {
      expect(parseRoute(hash).thread).toBeNull();
    },
  );

  it("keeps names with a slash or a space whole", () => {
    const route = { person: "a/b c", place: "C#1", thread: null };
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });
});
