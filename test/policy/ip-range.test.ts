import { WrittenIpRanges } from "../../src/policy/ip-range.ts";
import { answer } from "./asks.ts";
import { faultsOf, policyOf, withRule } from "./policies.ts";

test.each([
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.1.2.3/8", "10.9.9.9", true],
  ["10.128.0.0/9", "10.127.255.255", false],
  ["192.0.2.7", "192.0.2.7", true],
  ["192.0.2.7", "192.0.2.8", false],
  ["192.0.2.7/32", "192.0.2.8", false],
  ["192.0.2.6/31", "192.0.2.7", true],
  ["192.0.2.6/31", "192.0.2.8", false],
  ["0.0.0.0/0", "203.0.113.1", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["2001:db8::/32", "2001:db8:ffff::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:db8::/33", "2001:db8:8000::1", false],
  ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", true],
  ["2001:db8::1/128", "2001:db8::2", false],
  // What a server that listens on IPv6 sees of IPv4, and the other way round.
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "::ffff:0b01:0203", false],
  ["192.0.2.7", "::ffff:192.0.2.7", true],
  ["::ffff:10.0.0.0/104", "10.1.2.3", true],
  ["::ffff:10.0.0.0/104", "11.1.2.3", false],
  ["::/96", "10.1.2.3", false],
  ["10.0.0.0/8", "10.1.2", false],
  ["10.0.0.0/8", "10.1.2.3.4", false],
  ["10.0.0.0/8", " 10.1.2.3", false],
  ["10.0.0.0/8", "010.1.2.3", false],
  ["10.0.0.0/8", "10.1.2.3, 203.0.113.1", false],
  ["10.0.0.0/8", "", false],
])("%s includes %j: %p", (range, ip, expected) => {
  expect(WrittenIpRanges.parse([range]).includes(ip)).toBe(expected);
});

test("an address in any of several ranges is in them", () => {
  const { includes } = WrittenIpRanges.parse(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]);
  expect(["10.1.1.1", "2001:db8::9", "192.0.2.7", "192.0.2.9"].map(includes)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

describe("in a policy", () => {
  const policy = policyOf(withRule("decision: allow\nfrom_ip: [10.0.0.0/8, 2001:db8::1]"));

  test("a rule does not match from elsewhere, nor for requests that come from no address", () => {
    expect(answer(policy, { source: "api", ip: "10.1.2.3" }).verdict).toBe("allow");
    for (const ip of ["11.1.2.3", "not an address", undefined])
      expect(answer(policy, { source: "api", ip })).toMatchObject({
        refusals: [
          {
            kind: "no_rule",
            nearMisses: [{ rule: "the rule", why: "only from 10.0.0.0/8, 2001:db8::1" }],
          },
        ],
      });
  });

  const range = "expected an IP address or a range such as 10.0.0.0/8 or 2001:db8::/32";
  test.each([
    ["[10.0.0.0/33]", `15: ${range}, got "10.0.0.0/33"`],
    ["['2001:db8::/129']", `15: ${range}, got "2001:db8::/129"`],
    ["[10.0.0.0/8/8]", `15: ${range}, got "10.0.0.0/8/8"`],
    ["[10.0.0.0/]", `15: ${range}, got "10.0.0.0/"`],
    ["[10.0.0.0/-1]", `15: ${range}, got "10.0.0.0/-1"`],
    ["[10.0.0.0/8x]", `15: ${range}, got "10.0.0.0/8x"`],
    ["[10.0.0]", `15: ${range}, got "10.0.0"`],
    ["[010.0.0.1]", `15: ${range}, got "010.0.0.1"`],
    ["['fe80::1%eth0']", `15: ${range}, got "fe80::1%eth0"`],
    ["[office]", `15: ${range}, got "office"`],
    ["[8]", `15: ${range}, got 8`],
    ["[]", "14: expected at least one IP address or range, got an empty list"],
    ["10.0.0.0/8", '14: expected a list, got "10.0.0.0/8"'],
  ])("from_ip: %s is a fault", (written, fault) => {
    expect(faultsOf(withRule(`decision: allow\nfrom_ip: ${written}`))).toEqual([`hallpass.yml:25:${fault}`]);
  });
});
