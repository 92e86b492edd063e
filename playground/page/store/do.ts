import { useCallback } from "preact/hooks";
import type { Deed, Done } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { inTurn } from "../queue.ts";

/** Does something in its turn, and says what went wrong; true when it was done. */
export function useDo(): (deed: Deed) => Promise<Done> {
  const { send, say } = useLooking();
  return useCallback(
    async (deed) => {
      const done = await inTurn(() => send(deed));
      if (!done.ok) say(done.why);
      return done;
    },
    [send, say],
  );
}
