import { emoji } from "../../playground/page/text/emoji.ts";
import { plainText } from "../../playground/page/text/plain-text.ts";

test.each([
  ["white_check_mark", "✅"],
  ["no_entry", "⛔"],
  ["hourglass_flowing_sand", "⏳"],
  ["rotating_light", "🚨"],
  ["lock", "🔒"],
  ["unlock", "🔓"],
  ["wave", "👋"],
  ["bell", "🔔"],
  ["large_green_circle", "🟢"],
  ["thumbsup", "👍"],
  ["+1", "👍"],
  ["+1::skin-tone-4", "👍"],
  ["flag-de", "🇩🇪"],
])(":%s: is %s", (shortcode, expected) => {
  expect(emoji(shortcode)).toBe(expected);
});

test.each(["", "constructor", "__proto__", "toString", "company_logo", "flag-deu"])(
  "%j is no emoji",
  (shortcode) => {
    expect(emoji(shortcode)).toBeUndefined();
  },
);

test("plain text draws its shortcodes unless it says not to", () => {
  expect(plainText({ type: "plain_text", text: ":lock: 10:30:45 :nope:" })).toBe("🔒 10:30:45 :nope:");
  expect(plainText({ type: "plain_text", text: ":lock:", emoji: false })).toBe(":lock:");
});
