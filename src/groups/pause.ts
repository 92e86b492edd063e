/** A service took no more calls for now; the message says for how long. */
export class AskedToWait extends Error {
  constructor(service: string, seconds: number) {
    super(`${service} takes no more calls for ${seconds} s`);
    this.name = "AskedToWait";
  }
}

export type Pause = {
  /** Throws `AskedToWait` while the service wants to be left alone. */
  respect(): void;
  /** The service said 429; without a time of its own, or with one nobody means, for a while. */
  begin(seconds: number | undefined): AskedToWait;
};

const defaultSeconds = 10;
const longestSeconds = 600;

/** Keeps calls from a service that asked to wait: one that is asked all the same counts that, too. */
export function createPause(service: string, now: () => number): Pause {
  let until = -Infinity;
  const left = (): number => Math.ceil((until - now()) / 1_000);
  return {
    respect() {
      if (left() > 0) throw new AskedToWait(service, left());
    },
    begin(asked = defaultSeconds) {
      const seconds = asked > 0 ? Math.min(asked, longestSeconds) : defaultSeconds;
      until = Math.max(until, now() + seconds * 1_000);
      return new AskedToWait(service, left());
    },
  };
}
