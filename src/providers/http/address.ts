import { BlockList, isIP } from "node:net";

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  privateNetworks.addSubnet(network, prefix);
privateNetworks.addAddress("::1", "ipv6");
privateNetworks.addSubnet("fc00::", 7, "ipv6");

/** Names that the public DNS does not have: RFC 6761, RFC 6762, and .internal as reserved by ICANN in 2024. */
const privateName = /(?:^|\.)(?:localhost|local|internal)$/u;

/** Says why a text is not the address of an endpoint that a token may be sent to. Never repeats what may be secret in it. */
export function addressFault(text: string): string | undefined {
  if (!URL.canParse(text)) return "expected an address such as https://access.example.com/hallpass";
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username !== "" || password !== "") return "expected an address without a name and password in it";
  if (search !== "" || hash !== "") return "expected an address without ? and #";
  if (protocol === "https:" || (protocol === "http:" && isPrivate(hostname))) return undefined;
  return (
    "expected https, or http to this machine or a private network: the token and who has access " +
    "would be readable on the way"
  );
}

function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/gu, "");
  const family = isIP(host);
  if (family !== 0) return privateNetworks.check(host, family === 6 ? "ipv6" : "ipv4");
  // A name without a dot is resolved by the local network: a service of Compose or Kubernetes.
  return !host.includes(".") || privateName.test(host);
}
