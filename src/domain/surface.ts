/** The chat surface of addresses that name none. */
export const defaultSurface = "slack";

/**
 * The chat surface that a destination or an account is on: `slack:#ops`, or `#ops` in short, is a channel on Slack; every other
 * surface is named before its own address (`other:ops`).
 */
export function surfaceOf(address: string): string {
  return /^([a-z][a-z0-9-]*):/.exec(address)?.[1] ?? defaultSurface;
}

/** The address as its own surface writes it. */
export function addressOn(surface: string, address: string): string {
  return address.startsWith(`${surface}:`) ? address.slice(surface.length + 1) : address;
}
