import { createSecretBox } from "../../src/access/secret-box.ts";

const secretBox = createSecretBox("xoxb-1");

test("what is closed opens with the same secret only, for the same grant only, and only as it was", () => {
  const text = "pässword\n🗝️";
  const closed = secretBox.close("grant-1", text);
  expect(closed).not.toContain(text);
  expect(secretBox.open("grant-1", closed)).toBe(text);
  expect(createSecretBox("xoxb-1").open("grant-1", closed)).toBe(text);
  expect(createSecretBox("xoxb-2").open("grant-1", closed)).toBeUndefined();
  expect(secretBox.open("grant-2", closed)).toBeUndefined();
  const bytes = Buffer.from(closed, "base64");
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(secretBox.open("grant-1", changed.toString("base64"))).toBeUndefined();
  }
  for (const none of ["", "AAAA", closed.slice(0, 20)])
    expect(secretBox.open("grant-1", none)).toBeUndefined();
});

test("the same is never closed the same way twice", () => {
  expect(secretBox.close("grant-1", "password")).not.toBe(secretBox.close("grant-1", "password"));
});
