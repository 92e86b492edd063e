import { completionsOf, onEnter } from "../../playground/page/store/completion.ts";

const request = { command: "/request-access", description: "", hint: "" };
const audit = { command: "/access-audit", description: "", hint: "" };
const commands = [request, audit];

describe("completion", () => {
  it.each([
    ["/", commands],
    ["/a", [audit]],
    ["/REQ", [request]],
    ["/request-access", [request]],
    ["/request-access ", []],
    ["/nothing", []],
    [" /a", []],
    ["hello /a", []],
    ["", []],
  ])("offers for %j what it may become", (typed, expected) => {
    expect(completionsOf(typed, commands)).toEqual(expected);
  });

  it("completes on Enter what is half typed and sends what is whole", () => {
    expect(onEnter("/req", request)).toBe("complete");
    expect(onEnter("/request-access", request)).toBe("send");
    expect(onEnter("hello", undefined)).toBe("send");
  });
});
