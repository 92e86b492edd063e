/**
 * A call failed because of the proxy. The message is for an operator, names the proxy without its user and password,
 * and continues a sentence where another message would say “it”.
 */
export class ProxyError extends Error {
  // Not undici's UND_ERR_SOCKET, after which a pool reconnects for as long as it is asked to.
  readonly code = "ERR_PROXY";

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "ProxyError";
  }
}

/**
 * Says why a call got no answer, in words for an operator that continue “… can't be reached: ”; `undefined` for errors
 * that neither the network nor one of its libraries threw. Repeats only errors that have a code or lie beneath fetch's
 * own, because others may contain what was sent.
 */
export function wordFailure(error: unknown): string | undefined {
  const errors = withCauses(error);
  const proxy = errors.find((each) => each instanceof ProxyError);
  if (proxy) return proxy.message;
  if (errors.some(({ name }) => name === "TimeoutError")) return "no answer in time";
  const fetched = errors.findIndex(({ message }) => message === "fetch failed");
  const beneath = errors.slice(fetched + 1);
  const deepest =
    beneath.findLast((each) => textOf(each, "code") !== undefined) ??
    (fetched === -1 ? undefined : beneath[0]);
  if (!deepest) return undefined;
  const code = textOf(deepest, "code") ?? "";
  const said = deepest.message === "" ? code : deepest.message;
  return wordsByCode[code]?.(said) ?? said;
}

const untrusted = (said: string): string =>
  `its certificate is not trusted (${said}): where your company issues it, NODE_EXTRA_CA_CERTS has to name a file with your company's CA`;
const noTls = (): string =>
  "it does not speak TLS there; its address may have to begin with http:// and not https://";
const refused = (said: string): string => `the connection is refused (${said})`;
const unknownName = (said: string): string => `its name is not known here (${said})`;
const silent = (said: string): string => `no answer in time (${said})`;
const ended = (said: string): string => `the connection was ended (${said})`;

/** https://nodejs.org/api/errors.html, https://nodejs.org/api/tls.html#x509-certificate-error-codes, and undici's own. */
const wordsByCode: Readonly<Record<string, ((said: string) => string) | undefined>> = {
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: () => "its certificate has expired",
  CERT_NOT_YET_VALID: () => "its certificate is not valid yet: compare the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID: (said) => `its certificate is for another name (${said})`,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  EPROTO: noTls,
  ECONNREFUSED: refused,
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
  ETIMEDOUT: silent,
  UND_ERR_CONNECT_TIMEOUT: silent,
  UND_ERR_HEADERS_TIMEOUT: silent,
  UND_ERR_BODY_TIMEOUT: silent,
  ECONNRESET: ended,
  EPIPE: ended,
  UND_ERR_SOCKET: ended,
};

const deepestCause = 5;

/** An error and its causes, the outermost first, including Node's errors of several addresses. */
function withCauses(error: unknown, depth = 0): readonly Error[] {
  if (!isError(error) || depth > deepestCause) return [];
  const errors: unknown = Reflect.get(error, "errors");
  const causes = [error.cause, ...(Array.isArray(errors) ? errors : [])];
  return [error, ...causes.flatMap((each) => withCauses(each, depth + 1))];
}

/** Errors from other realms are not `instanceof Error`. */
function isError(value: unknown): value is Error {
  return typeof value === "object" && value !== null && "message" in value && "name" in value;
}

function textOf(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}
