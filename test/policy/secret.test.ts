import { secretReferences } from "../../src/policy/language/secret.ts";
import { changed, faultsOf, policyOf, smallPolicy } from "./policies.ts";

const reference = "reference it as ${NAME}; policy texts are stored, secrets never are";
const url = '"${DATABASE_URL}"';

describe("a secret in a provider's options is refused, and not repeated", () => {
  test.each([
    ["in a URL", '"postgres://u:s3cret@h/db"', `expected no password in a URL, got one: ${reference}`],
    [
      "with unescaped signs",
      '"postgres://u:s3/cret?@h/db"',
      `expected no password in a URL, got one: ${reference}`,
    ],
    ["without a user", '"redis://:s3cret@h"', `expected no password in a URL, got one: ${reference}`],
    ["half of it", '"postgres://u:${A}s3cret@h/db"', `expected no password in a URL, got one: ${reference}`],
    [
      "in a parameter",
      '"postgres://h/db?password=s3cret"',
      `expected no password in a connection text, got one: ${reference}`,
    ],
    [
      "in a key-value text",
      '"host=h user=u password=s3cret"',
      `expected no password in a connection text, got one: ${reference}`,
    ],
    [
      "in a reference nobody resolves",
      '"${s3cret-url}"',
      "expected references written ${NAME}, letters, digits and _ only, got another form",
    ],
  ])("%s", (_title, text, expected) => {
    expect(faultsOf(changed(url, text))).toEqual([`hallpass.yml:12:30: ${expected}`]);
  });

  test("under a key that says it is one", () => {
    const faults = faultsOf(changed(url, `${url}, api_key: s3cret`));
    expect(faults).toContain(`hallpass.yml:12:58: expected no secret, got one: ${reference}`);
    expect(faults.join()).not.toContain("s3cret");
  });

  test("not even where the shape is wrong, or the file is", () => {
    const whole = changed(`{ type: postgres, url: ${url} }`, '"postgres://u:s3cret@h/db"');
    const nested = changed(url, '["postgres://u:s3cret@h/db"]');
    const broken = changed(url, '"a" "postgres://u:s3cret@h/db"');
    for (const text of [whole, nested, broken]) {
      expect(faultsOf(text)).not.toEqual([]);
      expect(faultsOf(text).join()).not.toContain("s3cret");
    }
  });
});

test.each([
  '"postgres://u@h/db"',
  '"postgres://${USER}:${PASSWORD}@h/db"',
  '"https://h:8080/@scope"',
  '"host=h password=${PASSWORD}"',
])("%s holds no secret", (text) => {
  expect(faultsOf(changed(url, text))).toEqual([]);
});

test("references are left as they are, and listed once each", () => {
  const text = smallPolicy.replace(
    url,
    '"postgres://${USER_NAME}:${PASSWORD}@h/db" }\n  other: { type: postgres, url: "postgres://${USER_NAME}@h/db"',
  );
  const policy = policyOf(text);
  expect(policy.providers.get("pg")?.options).toEqual({
    url: "postgres://${USER_NAME}:${PASSWORD}@h/db",
  });
  expect(secretReferences(policy)).toEqual(["PASSWORD", "USER_NAME"]);
});
