// What every part of the page may know and do: the screen, who looks at it, their time, and the way to the server.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Deed, Done, Screen } from "../protocol.ts";

export interface Look {
  readonly screen: Screen;
  /** The `name` of who is looking. */
  readonly me: string;
  /** Their IANA time zone; every time is shown in it. */
  readonly zone: string;
  /** Milliseconds since 1970, by the playground's clock. */
  readonly now: () => number;
  /** Posts to `/api/do`. */
  readonly send: (deed: Deed) => Promise<Done>;
  /** Tells the person what went wrong. */
  readonly say: (trouble: string) => void;
}

export const Looking = createContext<Look | undefined>(undefined);

/** The look of whoever is looking; a bug to use outside of `Looking.Provider`. */
export function useLooking(): Look {
  const look = useContext(Looking);
  if (look === undefined) throw new Error("Expected to be inside <Looking.Provider>.");
  return look;
}
