import { BlockList, isIP } from "node:net";
import { z } from "zod";

/** Addresses from which a rule may be used, as written: `10.0.0.0/8` or a single address. */
export type IpRanges = { readonly written: readonly string[]; readonly includes: (ip: string) => boolean };

const rangeError = "expected an IP address or a range such as 10.0.0.0/8 or 2001:db8::/32";

const IpRange = z.string({ error: rangeError }).refine(isRange, { error: rangeError });

function isRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || address.includes("%") || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** `from_ip:` of a rule. */
export const WrittenIpRanges = z
  .array(IpRange)
  .min(1, { error: "expected at least one IP address or range" })
  .transform((written): IpRanges => {
    const list = new BlockList();
    for (const range of written) {
      const [address = "", bits] = range.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(bits), family);
    }
    return {
      written,
      includes(ip) {
        const version = isIP(ip);
        return version !== 0 && list.check(ip, version === 6 ? "ipv6" : "ipv4");
      },
    };
  });
