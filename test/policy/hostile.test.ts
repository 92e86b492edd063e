import * as fc from "fast-check";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { ask, answer } from "./asks.ts";
import { changed, faultsOf, policyOf, providerTypes, smallPolicy, withRule, withRules } from "./policies.ts";

const start = "hallpass.yml:1:1:";
const nested = (levels: number) => `a: ${"[".repeat(levels - 1)}1${"]".repeat(levels - 1)}\n`;
const aliases = (count: number) => `a: &a x\nb: [${Array(count).fill("*a").join(", ")}]\n`;

describe("a hostile or broken file is refused in a line", () => {
  const cases: readonly [title: string, text: string, faults: readonly string[]][] = [
    ["empty", "", [`${start} expected a policy, got an empty file`]],
    ["only a comment", "# nothing\n", [`${start} expected a policy, got an empty file`]],
    [
      "only a marker",
      "---\n",
      ["hallpass.yml:1:4: expected a map with version, settings, rules and so on, got something else"],
    ],
    [
      "a list",
      "- 1\n",
      [`${start} expected a map with version, settings, rules and so on, got something else`],
    ],
    [
      "a text",
      "hello\n",
      [`${start} expected a map with version, settings, rules and so on, got something else`],
    ],
    [
      "larger than 1 MiB",
      `# ${"x".repeat(1024 * 1024)}`,
      [`${start} expected at most 1 MiB, got a larger file`],
    ],
    ["two documents", "a: 1\n---\nb: 2\n", ["hallpass.yml:2:1: expected one YAML document, got another one"]],
    ["duplicate key", "a: 1\nb: 2\na: 3\n", ['hallpass.yml:3:1: duplicate key "a", first written on line 1']],
    ["__proto__", "a:\n  __proto__: { admin: true }\n", ['hallpass.yml:2:3: "__proto__" cannot be a key']],
    ["constructor", "constructor: 1\n", ['hallpass.yml:1:1: "constructor" cannot be a key']],
    ["prototype", "a: { prototype: 1 }\n", ['hallpass.yml:1:6: "prototype" cannot be a key']],
    [
      "a number for a key",
      "a: { 1: x }\n",
      ["hallpass.yml:1:6: expected a key that is text, got something else; put it in quotes"],
    ],
    [
      "a list for a key",
      "? [a]\n: 1\n",
      ["hallpass.yml:1:3: expected a key that is text, got something else; put it in quotes"],
    ],
    ["a NUL in a text", 'a: "x\\0y"\n', ["hallpass.yml:1:4: expected text, got a control character"]],
    ["a line break in a key", '"a\\nb": 1\n', ["hallpass.yml:1:1: expected a key, got a control character"]],
    [
      "an unknown alias",
      "a: *nobody\n",
      ['hallpass.yml:1:4: unknown alias "nobody": its anchor has to stand before it'],
    ],
    [
      "something that contains itself",
      "a: &a [*a]\n",
      ['hallpass.yml:1:8: unknown alias "a": its anchor has to stand before it'],
    ],
    [
      "a tag",
      "a: !!js/function x\n",
      [
        "hallpass.yml:1:4: expected valid YAML, got an error: unknown tag; a text that begins with ! has to be in quotes",
      ],
    ],
    [
      "broken quotes",
      'a: "x\n',
      [
        "hallpass.yml:2:1: expected valid YAML, got an error: too little indentation in quotes or brackets; " +
          "is one not closed, or its end not indented?",
      ],
    ],
    [
      "a tab for indentation",
      "a:\n\tb: 1\n",
      ["hallpass.yml:2:1: expected valid YAML, got an error: tab characters must not be used in indentation"],
    ],
  ];
  test.each(cases)("%s", (_title, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  test.each([
    ["flow lists", "[".repeat(100_000), 65],
    ["flow maps", "{a: ".repeat(100_000), 257],
    ["block lists", "- ".repeat(100_000), 129],
    ["complex keys", "? ".repeat(100_000), 129],
  ])("a hundred thousand nested %s are refused before anything recurses", (_title, text, about) => {
    const [fault, ...others] = faultsOf(text);
    expect(others).toEqual([]);
    const [, line, column, ...words] = (fault ?? "").split(":");
    expect(line).toBe("1");
    expect(Math.abs(Number(column) - about)).toBeLessThan(10);
    expect(words.join(":")).toBe(" expected at most 64 levels of nesting, got more");
  });

  test("64 levels are read, 66 are not", () => {
    expect(faultsOf(nested(64)).join()).toContain('unknown key "a"');
    expect(faultsOf(nested(66)).join()).toContain("levels of nesting");
  });

  test("nested aliases do not unfold", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 10; level++)
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
      );
    const faults = faultsOf(lines.join("\n"));
    expect(faults[0]).toMatch(
      /^hallpass\.yml:5:\d+: expected aliases for at most 10000 values, got more: use a group$/,
    );
  });

  test("more than a hundred aliases are refused", () => {
    expect(faultsOf(aliases(100)).join()).not.toContain("aliases");
    expect(faultsOf(aliases(101))).toEqual(["hallpass.yml:2:405: expected at most 100 aliases, got more"]);
  });

  test("a megabyte of keys is refused before the test's own time is over", () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `key-${index}: 1\n`).join("");
    expect(faultsOf(keys).length).toBeGreaterThan(60_000);
  });

  test("no file at all", () => {
    expect(faultsOf({})).toEqual(["policy:1:1: expected a policy file, got none"]);
  });
});

describe("a slip is said in words that mend it", () => {
  test.each([
    ["b: @team\n", "1:4", "put a text that begins with @ in quotes"],
    ["b: `x`\n", "1:4", "put a text that begins with ` in quotes"],
    ["title: Orders: read\n", "1:14", "put a text that has a colon and a space in it in quotes"],
    ["b: 'x'#c\n", "1:7", "put a space before the # of a comment"],
    ['b: "x" y\n', "1:8", "nothing but a comment may stand after the closing quote"],
    ["b: { role: \tx }\n", "1:13", "use spaces, not tabs, in and before brackets"],
    ["a: 1\nb\nc: 2\n", "3:2", "expected `key: value`; is a colon missing on the line above?"],
    ['a:\n  b "x"\n  c: y\n', "3:4", "expected the indentation of the line above; or is its colon missing?"],
    ["a:\n  b: 1\n c: 2\n", "3:2", "expected the indentation of the line above; or is its colon missing?"],
    ["a: { b: 1 c: 2 }\n", "1:12", "expected a comma between what stands in brackets"],
  ])("%j", (text, place, words) => {
    expect(faultsOf(text)).toEqual([`hallpass.yml:${place}: expected valid YAML, got an error: ${words}`]);
  });
});

describe("what another reader, or a person, may read otherwise is refused", () => {
  const invalid = "expected valid YAML, got an error:";
  test.each([
    [
      "a line that a comment hides",
      "# x\ra: 1\n",
      `1:4: ${invalid} a carriage return without a line feed after it`,
    ],
    ["a control character in a comment", "# x\u007F\n", "1:4: expected text, got a control character"],
    [
      "a tag's new meaning",
      "%TAG !! tag:x,2000:\n---\na: 1\n",
      `1:1: ${invalid} expected no directive but %YAML 1.2`,
    ],
    ["an unknown directive", "# x\n%FOO\n---\na: 1\n", `2:1: ${invalid} expected no directive but %YAML 1.2`],
    ["a YAML to come", "%YAML 1.3\n---\na: 1\n", `1:1: ${invalid} expected no directive but %YAML 1.2`],
    ["a character there is not", 'a: "\\U00110000"\n', `1:5: ${invalid} there is no such character`],
    [
      "an anchor run into a colon",
      "a: &b: c\n",
      `1:7: ${invalid} expected a space after a tag, an anchor or an alias`,
    ],
    [
      "an anchor run into a list",
      "a: &b[c]\n",
      `1:6: ${invalid} expected a space after a tag, an anchor or an alias`,
    ],
    ["a map beside its key", "a: &b c: d\n", `1:4: ${invalid} expected a map on a line after its key`],
    ["a tab before a key", "? a\n\tb: c\n", `2:2: ${invalid} expected spaces before a key, got a tab`],
    [
      "a number's tag on a text",
      "a: !!int x\n",
      `1:4: ${invalid} unknown tag; a text that begins with ! has to be in quotes`,
    ],
    [
      "a list's tag on a map",
      "a: !!seq { b: c }\n",
      `1:4: ${invalid} unknown tag; a text that begins with ! has to be in quotes`,
    ],
  ])("%s", (_title, text, fault) => {
    expect(faultsOf(text)).toEqual([`hallpass.yml:${fault}`]);
  });

  test.each([
    "!s3cret",
    "!<s3cret",
    "!s3cret!x",
    "!s3cret{",
    "*",
    "@s3cret",
    "'s3cret",
    "{ s3cret",
    "%s3cret",
  ])("and %s, which lacks its quotes, is not repeated", (written) => {
    const faults = faultsOf(changed("  pg: ", `  pg: ${written} `));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(invalid);
    expect(faults[0]).not.toContain("s3cret");
  });
});

test("maps that pairs in a list make count as levels", () => {
  const pairs = (levels: number) => `a: ${"[b: ".repeat(levels)}1${"]".repeat(levels)}\n`;
  expect(faultsOf(pairs(31)).join()).toContain('unknown key "a"');
  expect(faultsOf(pairs(32))).toEqual([
    "hallpass.yml:1:129: expected at most 64 levels of nesting, got more",
  ]);
});

test("what is not written stands where it would be written", () => {
  const text = changed(
    "decision: allow",
    'decision: # none\n    approvals:\n      - # c: -\n      - from: ["a@example.com"]\n      -\n',
  );
  const places = faultsOf(text).filter((fault) => fault.includes("got nothing"));
  expect(places.map((fault) => fault.split(": ")[0])).toEqual([
    "hallpass.yml:24:15",
    "hallpass.yml:26:9",
    "hallpass.yml:28:8",
  ]);
});

test("what came is quoted on one line, cut short, and without invisible characters", () => {
  const fault = faultsOf(changed("risk: high", `risk: "a\\n\u202Eb${"c".repeat(500)}"`)).join();
  expect(fault).toMatch(/got "a\\n�bc{76}…"$/);
});

test("an alias within reason stands for what it names", () => {
  const text = smallPolicy
    .replace("[group:engineers]", "&them [group:engineers]")
    .replace(
      'requesters: [group:engineers]\n    access: ["orders:write"]',
      'requesters: *them\n    access: ["orders:write"]',
    );
  expect(policyOf(text).rules[1]?.requesters).toEqual(["group:engineers"]);
});

test("YAML 1.1's surprises stay off, whatever the file asks for", () => {
  expect(faultsOf(`%YAML 1.1\n---\n${changed("name: reading", "name: no")}`)).toEqual([]);
});

test("a merge key is a key like another: unknown", () => {
  const faults = faultsOf(
    changed("{ members: [dana@example.com] }", "{ <<: {}, members: [dana@example.com] }"),
  );
  expect(faults).toEqual([
    'hallpass.yml:10:15: unknown key "<<". Allowed here: members, slack, pagerduty, opsgenie',
  ]);
});

describe("names that JavaScript's objects have by themselves", () => {
  const own = [
    "toString",
    "valueOf",
    "hasOwnProperty",
    "isPrototypeOf",
    "__defineGetter__",
    "toJSON",
    "then",
  ];

  test.each(own.filter((name) => !name.startsWith("_")))("%s is a name like another, everywhere", (name) => {
    const text = withRule(
      `requesters: [group:${name}]\naccess: ["${name}:${name}"]\ndecision: review\napprovals: [{ from: [group:leads], notify: group:${name} }]`,
    )
      .replace("  - name: the rule", `  - name: ${name}`)
      .replaceAll("engineers:", `${name}:`)
      .replace("  orders:", `  ${name}:`)
      .replace("      read:", `      ${name}:`)
      .replaceAll("pg: ", `${name}: `)
      .replace("provider: pg", `provider: ${name}`);
    const policy = policyOf(text);
    expect(answer(policy, { resource: name, role: name })).toMatchObject({
      verdict: "review",
      rule: name,
      grants: [{ resource: name, role: name, provider: name, target: { role: "orders_read" } }],
      steps: [{ notify: ["erin@example.com"] }],
    });
    expect(Object.prototype).not.toHaveProperty("role");
  });

  test.each(["__proto__", "constructor", "prototype"])(
    "%s is refused as a key, wherever it stands",
    (name) => {
      const refused = expect.stringContaining(`"${name}" cannot be a key`);
      for (const [from, to] of [
        ["  engineers:", `  ${name}:`],
        ["  orders:", `  ${name}:`],
        ["      read:", `      ${name}:`],
        ["  pg:", `  ${name}:`],
        ["  admins:", `  ${name}:`],
        ["    decision: allow", `    ${name}: allow`],
        ["{ role: orders_read }", `{ role: orders_read, ${name}: { role: x } }`],
        ["{ role: orders_read }", `{ role: orders_read, "\\u005f_proto__": 1, ${name}: 1 }`],
      ] as const)
        expect(faultsOf(changed(from, to))).toContainEqual(refused);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  test("where they are only used, they are unknown", () => {
    const text = withRule(
      'requesters: [group:constructor]\naccess: ["constructor:prototype"]\ndecision: allow',
    );
    expect(faultsOf(text)).toEqual([
      'hallpass.yml:22:18: unknown group "constructor". Known here: engineers, leads, security',
      'hallpass.yml:23:14: unknown resource "constructor". Known here: orders',
    ]);
  });

  test("are no rules, tickets, or anything else that is asked for", () => {
    const policy = policyOf(withRule("decision: allow"));
    for (const name of [...own, "__proto__", "constructor"])
      expect(answer(policy, { resource: name, role: name, ticket: name, reason: name }).verdict).toBe(
        "refuse",
      );
  });
});

describe("what YAML makes of texts that look like something else", () => {
  const duration = "expected a duration such as 30m, 2h or 1h30m";
  test.each([
    ["max_duration: 1e3", `${duration}, got 1000`],
    ["max_duration: 0x10", `${duration}, got 16`],
    ["max_duration: 1_000", `${duration}, got "1_000"`],
    ["max_duration: 12:30", `${duration}, got "12:30"`],
    ["max_duration: 2026-01-01", `${duration}, got "2026-01-01"`],
    ["max_duration: .inf", `${duration}, got Infinity`],
    ["max_duration: ~", `${duration}, got nothing`],
    ["max_duration: yes", `${duration}, got "yes"`],
    ["max_duration: ٣h", `${duration}, got "٣h"`],
    ["max_duration: 9999999999h", `${duration}, got "9999999999h"`],
    ["max_duration: 999999d", `${duration} of at most 365d, got "999999d"`],
    ["max_active: '1'", 'expected a whole number from 1, got "1"'],
    ["max_active: 9007199254740993", "expected a whole number from 1, got 9007199254740992"],
    ["max_active: true", "expected a whole number from 1, got true"],
    ["when: 2026-01-01", "expected true or false, got int"],
    ["when: ''", "expected "],
  ])("%s", (line, fault) => {
    const [found = "", ...others] = faultsOf(withRule(`decision: allow\n${line}`));
    expect(others).toEqual([]);
    expect(found.replace(/^hallpass\.yml:25:\d+: /, "").slice(0, fault.length)).toBe(fault);
  });

  test.each(["!!int 3", "!!binary aGk=", "!!set { a }", "!!timestamp 2026-01-01", "!custom x"])(
    "the tag %s makes nothing that the language has not",
    (written) => {
      expect(faultsOf(changed("name: reading", `name: ${written}`)).length).toBeGreaterThan(0);
    },
  );

  test("the tag of a text is a text", () => {
    expect(faultsOf(changed("name: reading", "name: !!str 3"))).toEqual([]);
  });
});

test("texts of any length are refused or kept, never half understood", () => {
  const long = "x".repeat(100_000);
  for (const [from, to] of [
    ["name: reading", `name: ${long}`],
    ["  leads:", `  ${long}:`],
    ["bob@example.com", `${long}@example.com`],
    ['"orders:read"', `"orders:${long}"`],
    ["risk: high", `risk: ${long}`],
    ["decision: allow", `decision: allow\n    when: request.ticket == "${long}"`],
    ["decision: allow", `decision: allow\n    requires: { reason: { matches: ${long} } }`],
  ] as const) {
    const faults = faultsOf(changed(from, to));
    expect(faults.length).toBeGreaterThan(0);
    expect(Math.max(...faults.map((fault) => fault.length))).toBeLessThan(500);
  }
});

test("halves of characters and invisible ones are no names", () => {
  for (const [from, to] of [
    ["  leads:", '  "\\ud800":'],
    ["name: reading", 'name: "\\u200b\\u2060"'],
    ["bob@example.com", '"bob\\u200b@example.com"'],
    ["bob@example.com", '"bob@exam\\u0440le.com"'],
  ] as const)
    expect(faultsOf(changed(from, to)).length).toBeGreaterThan(0);
});

describe("patterns and conditions that would run for years elsewhere", () => {
  const lines = (ticket: string) => `decision: allow\nrequires: { ticket: { matches: '${ticket}' } }`;

  test.each(["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "%s answers",
    (pattern) => {
      const evil = `${"a".repeat(50_000)}${"x".repeat(50_000)}!`;
      const required = policyOf(withRule(lines(pattern)));
      const conditional = policyOf(withRule(`decision: allow\nwhen: request.ticket.matches(r"${pattern}")`));
      for (const policy of [required, conditional])
        expect(answer(policy, { ticket: evil }).verdict).toBe("refuse");
    },
  );

  test.each([
    "(a{1000}){1000}",
    "((a{100}){100}){100}",
    "(?=a)a",
    "(a)\\1",
    "(?<!a)b",
    "[",
    "a{2,1}",
    "(?P<n>a",
  ])("%s is refused when the policy is read", (pattern) => {
    const faults = faultsOf(withRule(lines(pattern)));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^hallpass\.yml:25:36: expected a (?:simpler )?pattern/);
  });

  test("a condition of a thousand parentheses, and one of a thousand terms", () => {
    const deep = `${"(".repeat(900)}true${")".repeat(900)}`;
    const wide = Array<string>(400).fill("true").join("&&");
    for (const when of [deep, wide])
      expect(faultsOf(withRule(`decision: allow\nwhen: ${when}`)).join()).toMatch(
        /expected a simpler condition|expected at most/,
      );
  });
});

test("ten thousand rules are read", () => {
  const rule = (index: number) =>
    `  - { name: r${index}, requesters: [everyone], access: ["*:*"], decision: deny }`;
  const text = withRules(Array.from({ length: 10_000 }, (_, index) => rule(index)).join("\n"));
  expect(policyOf(text).rules).toHaveLength(10_000);
});

test("ten megabytes are refused before they are read", () => {
  expect(faultsOf("a: b\n".repeat(2 * 1024 * 1024))).toEqual([
    "hallpass.yml:1:1: expected at most 1 MiB, got a larger file",
  ]);
});

describe("a policy with anything in it broken", () => {
  const whole = withRules(
    `  - name: everything
    requesters: [group:engineers, "erin@example.com"]
    access: ["orders:*", "*:read"]
    when: >-
      request.ticket.matches("^INC-[0-9]+$") && request.duration <= duration("4h")
    hours: { days: mon-fri, from: "09:00", to: "18:00" }
    from_ip: [10.0.0.0/8, "2001:db8::/32"]
    decision: review
    requires: { reason: { min_length: 5, matches: "[a-z]", message: Say more. }, ticket: { matches: ^INC- } }
    approvals:
      - { from: [group:leads], count: 2, notify: on-call }
      - from: &security [group:security]
        notify: none
    channel: "#orders"
    timeout: 2h
    remind_every: 15m
    escalate: { after: 30m, to: *security }
    start_within: 1h
    max_duration: 4h
    default_duration: 1h
    max_active: 2
    cooldown: 10m
    extend: { times: 1, by: 1h }
    revoke_on_idle: 30m
    break_glass: { by: [group:on-call], review_by: [group:security], within: 24h }
  - { name: never, requesters: [everyone], access: ["*:*"], decision: deny, message: "No." }`,
    "conflicts:\n  - { name: apart, between: [orders:read, orders:write], message: Not both. }\n",
  ).replace("providers:", "  on-call: { pagerduty: PABC123 }\nproviders:");

  const lines = whole.split("\n");
  const line = fc.nat(lines.length - 1);
  const at = fc.nat(whole.length - 1);
  const strange = fc.constantFrom(
    ...Array.from("{}[]:,-#&*!|>'\"%@`?~<=\t\n\0\u2028 0"),
    "\ud800",
    "<<: ",
    "&a ",
    "*a",
    "!!map ",
    "--- ",
    "__proto__: ",
    "🔥",
    "é",
  );
  const change: fc.Arbitrary<(text: string) => string> = fc.oneof(
    line.map((index) => (text: string) => text.split("\n").toSpliced(index, 1).join("\n")),
    fc.tuple(line, line).map(([from, to]) => (text: string) => {
      const all = text.split("\n");
      return all.toSpliced(to, 0, all[from] ?? "").join("\n");
    }),
    fc.tuple(line, line).map(([one, other]) => (text: string) => {
      const all = text.split("\n");
      const swapped = all.map((each, index) =>
        index === one ? all[other] : index === other ? all[one] : each,
      );
      return swapped.join("\n");
    }),
    fc.tuple(at, fc.integer({ min: 1, max: 20 })).map(
      ([from, length]) =>
        (text: string) =>
          text.slice(0, from) + text.slice(from + length),
    ),
    fc.tuple(at, strange).map(
      ([from, added]) =>
        (text: string) =>
          text.slice(0, from) + added + text.slice(from),
    ),
    fc.tuple(at, strange).map(
      ([from, added]) =>
        (text: string) =>
          text.slice(0, from) + added + text.slice(from + 1),
    ),
  );

  const broken = fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((before, make) => make(before), whole));

  test("is right before it is broken", () => {
    expect(faultsOf(whole)).toEqual([]);
  });

  test("is answered with faults inside the file, or is a policy that answers", () => {
    const seen = { faulty: 0, right: 0 };
    fc.assert(
      fc.property(broken, (text) => {
        const started = performance.now();
        const parsed = parsePolicy([{ name: "hallpass.yml", text }], { providerTypes });
        // A hundred times what it takes: only what runs away is caught, not a busy machine.
        expect(performance.now() - started).toBeLessThan(2000);
        if (parsed.ok) {
          seen.right += 1;
          answer(parsed.policy, ask({ role: "write" }));
          return;
        }
        seen.faulty += 1;
        const written = text.split(/\r\n|\n|\r/u);
        expect(parsed.faults.length).toBeGreaterThan(0);
        for (const { file, line: number, column, message } of parsed.faults) {
          expect(file).toBe("hallpass.yml");
          expect(number).toBeGreaterThanOrEqual(1);
          expect(number).toBeLessThanOrEqual(written.length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((written[number - 1] ?? "").length + 1);
          expect(message).toMatch(/^[^\p{Cc}\p{Cs}]+$/u);
        }
      }),
      { numRuns: 300 },
    );
    expect(seen.faulty).toBeGreaterThan(50);
    expect(seen.right).toBeGreaterThan(5);
  });
});
