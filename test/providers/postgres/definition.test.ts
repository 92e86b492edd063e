import { postgres, PostgresOptions, PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { subjectFor } from "../../../src/providers/postgres/names.ts";

const faultOf = (options: object): string | undefined =>
  PostgresOptions.safeParse(options).error?.issues[0]?.message;

describe("what the policy may say", () => {
  test.each([
    ["postgres://u:pw@db.example.com/orders"],
    ["postgresql://u@db.example.com:6432/orders?sslmode=require"],
    ["postgresql:///orders?host=/var/run/postgresql"],
    ["${ORDERS_DATABASE_URL}"],
    ["postgresql://u:${PASSWORD}@db/orders"],
  ])("%s is a server", (url) => {
    expect(faultOf({ url })).toBeUndefined();
    expect(faultOf({ url: "${X}", replicas: [url] })).toBeUndefined();
  });

  test.each([
    ["mysql://u:secret@db/orders", "expected a postgres:// or postgresql:// URL, got mysql://"],
    ["mysql://u:${PASSWORD}@db/orders", "expected a postgres:// or postgresql:// URL, got mysql://"],
    ["db.example.com/orders", "expected a URL such as postgresql://USER:PASSWORD@HOST/DATABASE"],
    ["", "expected a URL such as postgresql://USER:PASSWORD@HOST/DATABASE"],
    ["postgresql://u:secret word@[/x", "expected a postgres:// URL, got one that cannot be read"],
  ])("%j is none, and its password is not repeated", (url, words) => {
    expect(faultOf({ url })).toBe(words);
    expect(faultOf({ url: "${X}", replicas: [url] })).toBe(words);
  });

  test("nothing it does not know", () => {
    expect(faultOf({ url: "${X}", ulr: "" })).toMatch(/ulr/u);
    expect(PostgresTarget.safeParse({ role: "x", rule: "y" }).success).toBe(false);
    expect(PostgresTarget.parse({ role: "x", dangerous: true })).toEqual({ role: "x", dangerous: true });
  });

  test.each([
    ["", "expected the name of a PostgreSQL role, got nothing"],
    ["a\0b", "expected the name of a PostgreSQL role, got a text with a NUL character in it"],
    ["ü".repeat(32), "expected the name of a PostgreSQL role, at most 63 bytes long, got 64 bytes"],
  ])("a name that PostgreSQL cannot have is refused in words: %j", (name, words) => {
    expect(PostgresTarget.safeParse({ role: name }).error?.issues[0]?.message).toBe(words);
    expect(postgres.subject.safeParse(name).error?.issues[0]?.message).toBe(words);
  });
});

describe("whom `people:` does not name", () => {
  test.each([
    [undefined, "ada"],
    ["local_part", "ada"],
    ["email", "ada@example.com"],
    ["{local_part}_ro@corp", "ada_ro@corp"],
    ["{domain}/{local_part}", "example.com/ada"],
    ["{email}", "ada@example.com"],
  ])("is known by %s as %s", (subject, name) => {
    expect(subjectFor({ subject }, "ada@example.com")).toBe(name);
    expect(faultOf({ url: "${X}", ...(subject !== undefined && { subject }) })).toBeUndefined();
  });

  test.each([["name"], ["{user}"], ["{local_part"], ["{local_part}}"], [""]])(
    "by %j nobody is",
    (subject) => {
      expect(faultOf({ url: "${X}", subject })).toMatch(/^expected email, local_part, or a text with/u);
    },
  );
});
