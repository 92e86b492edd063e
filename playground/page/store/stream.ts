import { useEffect, useRef, useState } from "preact/hooks";
import type { Screen } from "../../protocol.ts";

/** A connection that comes back sooner than this is not worth a word. */
const patienceMs = 2_000;
const retryMs = 1_000;

export interface Stream {
  readonly screen: Screen | undefined;
  /** The server has been away for longer than two seconds. */
  readonly isLost: boolean;
}

/**
 * What a person sees, as the server tells it. The last screen of the person before stays until the first of the next one
 * comes: switching does not flicker. `onUnknown` hears that the server does not know this person.
 */
export function useScreen(person: string, onUnknown: () => void): Stream {
  const [screen, setScreen] = useState<Screen>();
  const [isLost, setLost] = useState(false);
  const unknown = useRef(onUnknown);
  unknown.current = onUnknown;

  useEffect(() => {
    let source: EventSource | undefined;
    let lossTimer: ReturnType<typeof setTimeout> | undefined;
    let retryTimer: ReturnType<typeof setTimeout> | undefined;
    let wasSeen = false;
    const found = (): void => {
      clearTimeout(lossTimer);
      lossTimer = undefined;
      setLost(false);
    };
    const connect = (): void => {
      source = new EventSource(`/api/screen?as=${encodeURIComponent(person)}`);
      source.addEventListener("open", found);
      source.addEventListener("screen", (event: MessageEvent<string>) => {
        wasSeen = true;
        found();
        // The server of this page, in the same repository: its types are the contract.
        const next: Screen = JSON.parse(event.data);
        setScreen(next);
      });
      source.addEventListener("error", () => {
        lossTimer ??= setTimeout(() => setLost(true), patienceMs);
        // Browsers retry what broke off, but give up for good on an answer that is no stream.
        if (source?.readyState !== EventSource.CLOSED) return;
        retryTimer = setTimeout(connect, retryMs);
        if (!wasSeen) unknown.current();
      });
    };
    connect();
    return () => {
      source?.close();
      clearTimeout(lossTimer);
      clearTimeout(retryTimer);
    };
  }, [person]);

  return { screen, isLost };
}
