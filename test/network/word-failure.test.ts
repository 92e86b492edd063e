import { WebAPIRequestError } from "@slack/web-api";
import { ProxyError, wordFailure } from "../../src/network/word-failure.ts";

const coded = (code: string, message: string, options?: ErrorOptions): Error =>
  Object.assign(new Error(message, options), { code });
const fetchFailed = (cause: unknown): Error => new TypeError("fetch failed", { cause });

test.each([
  [
    "ECONNREFUSED",
    "connect ECONNREFUSED ::1:443",
    "the connection is refused (connect ECONNREFUSED ::1:443)",
  ],
  ["ENOTFOUND", "getaddrinfo ENOTFOUND x", "its name is not known here (getaddrinfo ENOTFOUND x)"],
  ["ECONNRESET", "read ECONNRESET", "the connection was ended (read ECONNRESET)"],
  ["UND_ERR_CONNECT_TIMEOUT", "Connect Timeout Error", "no answer in time (Connect Timeout Error)"],
  ["CERT_HAS_EXPIRED", "certificate has expired", "its certificate has expired"],
  ["HPE_INVALID_CONSTANT", "Expected HTTP/", "Expected HTTP/"],
  ["EHOSTUNREACH", "", "EHOSTUNREACH"],
])("%s is worded wherever it lies", (code, message, words) => {
  const error = coded(code, message);
  expect(wordFailure(error)).toBe(words);
  expect(wordFailure(fetchFailed(error))).toBe(words);
  expect(wordFailure(new WebAPIRequestError(fetchFailed(error)))).toBe(words);
});

test("a company's own CA is named as the remedy", () => {
  expect(
    wordFailure(coded("SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain")),
  ).toBe(
    "its certificate is not trusted (self-signed certificate in certificate chain): where your company issues it, " +
      "NODE_EXTRA_CA_CERTS has to name a file with your company's CA",
  );
});

test("of several addresses one is told", () => {
  const errors = ["::1", "127.0.0.1"].map((host) => coded("ECONNREFUSED", `connect ECONNREFUSED ${host}:1`));
  const both = Object.assign(new AggregateError(errors), { code: "ECONNREFUSED" });
  expect(wordFailure(both)).toBe("the connection is refused (connect ECONNREFUSED 127.0.0.1:1)");
});

test("a proxy that is to blame comes before all that lies around and beneath it", () => {
  const refused = coded("ECONNREFUSED", "connect ECONNREFUSED");
  const proxy = new ProxyError("the proxy http://proxy.example.com:3128 refuses (407)", { cause: refused });
  expect(wordFailure(fetchFailed(proxy))).toBe("the proxy http://proxy.example.com:3128 refuses (407)");
});

test("time that is up is said as such", () => {
  expect(wordFailure(new DOMException("The operation was aborted due to timeout", "TimeoutError"))).toBe(
    "no answer in time",
  );
});

test("what fetch itself says is not repeated, for it may hold what was sent; what lies beneath it is", () => {
  const header = new TypeError('Headers.append: "Token token=c4n4ry\n" is an invalid header value.');
  expect(wordFailure(header)).toBeUndefined();
  expect(wordFailure(fetchFailed(undefined))).toBeUndefined();
  expect(wordFailure(fetchFailed(new Error("unexpected redirect")))).toBe("unexpected redirect");
});

test.each([[new Error("a bug")], ["a text"], [undefined], [null]])("%p is not the network's", (thrown) => {
  expect(wordFailure(thrown)).toBeUndefined();
});
