/** A service takes no more calls for now; the message says for how long. */
export class AskedToWait extends Error {
  constructor(service: string, seconds: number) {
    super(`${service} takes no more calls for ${seconds} s`);
    this.name = "AskedToWait";
  }
}

export type Pause = {
  /** Throws `AskedToWait` while the service asks us to wait. */
  respect(): void;
  /** Starts a pause after a 429; for a default time if the service gave none, or an implausible one. */
  begin(seconds: number | undefined): AskedToWait;
};

const defaultSeconds = 10;
const longestSeconds = 600;

/** Creates a pause that keeps calls from a service that rate-limits us, because such calls count against the limit, too. */
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
