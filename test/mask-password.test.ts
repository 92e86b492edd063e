import { hideSecrets, maskPassword } from "../src/mask-password.ts";

const urlWith = (password: string): string =>
  Object.assign(new URL("postgresql://bot@db.example.com/hallpass"), { password }).href;

test.each(["ss", "x", "hunter", "authentication", "s3cret-Pa55", "p@ss word/1", "a.b*c", "ünïcode9"])(
  "%j is gone from a URL, as it was given and decoded",
  (password) => {
    const url = urlWith(password);
    for (const text of [
      `can't open ${url}, as it is`,
      `can't open postgresql://bot:${password}@db.example.com/hallpass`,
      `dsn "postgresql://db.example.com/hallpass?password=${password}"`,
    ]) {
      const masked = maskPassword(text, url);
      expect(masked).toContain("***");
      expect(masked).not.toMatch(/[:=](?!\/\/|\*\*\*)/);
    }
  },
);

test("a password in the URL's parameters is one, too", () => {
  const url = "postgresql://db.example.com/hallpass?user=bot&password=a-secret";
  expect(maskPassword(`${url} and "a-secret"`, url)).toBe(
    'postgresql://db.example.com/hallpass?user=bot&password=*** and "***"',
  );
});

test.each([
  ["ss", "permission denied for table sessions"],
  ["s", "permission denied for table sessions"],
  ["table", "permission denied for tables"],
  ["permission", "permissions were refused"],
])("%s within a word stays, for the word is not the password", (password, text) => {
  expect(maskPassword(text, urlWith(password))).toBe(text);
});

test.each([
  ["hunter", 'the server was given "hunter"', 'the server was given "***"'],
  ["permission", "(permission)", "(***)"],
  // Escaped once more by whoever quotes it, it is preceded by a letter.
  ["s3cret-Pa55", String.raw`said\ns3cret-Pa55x`, String.raw`said\n***x`],
])("%s by itself is masked, and anywhere what is no word", (password, text, expected) => {
  expect(maskPassword(text, urlWith(password))).toBe(expected);
});

test("what may be repeated anywhere is hidden anywhere, half characters or not", () => {
  expect(hideSecrets("xs3cretx a%20b a b \uD800 cret", ["s3cret", "a b", "\uD800", ""])).toBe(
    "x***x *** *** *** cret",
  );
});

test("without a password, or a URL, a text stays as it is", () => {
  for (const url of ["postgresql://db.example.com/hallpass", "no url"])
    expect(maskPassword("a text: with@signs", url)).toBe("a text: with@signs");
});
