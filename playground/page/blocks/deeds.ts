import type { Deed, Done, Place } from "../../protocol.ts";
import type { JsonObject } from "../../../slack-simulator/json.ts";
import { useLooking } from "../context.ts";
import { afterAll, inTurn, latestInTurn } from "../queue.ts";

/** Where one element stands and what it is: all that its parts need to show it and to act. */
export interface ElementProps {
  readonly element: JsonObject;
  readonly place: Place;
  readonly blockId: string;
  readonly actionId: string;
  /** Slack's value object as the server last knew it. */
  readonly value: JsonObject | undefined;
  /** What ties the control to its label, hint and error. */
  readonly field: FieldTies;
}

export interface FieldTies {
  /** The control's own id, for a `<label for>`. */
  readonly id: string;
  /** The id of what names it; undefined where there is no label, and `label` says it instead. */
  readonly labelledBy: string | undefined;
  readonly label: string;
  readonly describedBy: string | undefined;
  readonly isInvalid: boolean;
  readonly isRequired: boolean;
}

/** The accessible name and state of a control, as attributes. */
export interface Ties {
  readonly id: string;
  readonly "aria-labelledby": string | undefined;
  readonly "aria-label": string | undefined;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": "true" | undefined;
  readonly "aria-required": "true" | undefined;
}

/** The attributes that tie a control to its label, hint and error. */
export function tiesOf({ id, labelledBy, label, describedBy, isInvalid, isRequired }: FieldTies): Ties {
  return {
    id,
    "aria-labelledby": labelledBy,
    "aria-label": labelledBy === undefined ? label || undefined : undefined,
    "aria-describedby": describedBy,
    "aria-invalid": isInvalid ? "true" : undefined,
    "aria-required": isRequired ? "true" : undefined,
  };
}

export interface Deeds {
  /** In turn; the answer says whether it was done. What went wrong is said to the person. */
  readonly inTurn: (deed: Deed) => Promise<Done>;
  /** A value entered; a newer one for the same element takes the place of one that still waits. */
  readonly enter: (of: Pick<ElementProps, "place" | "blockId" | "actionId">, value: JsonObject) => void;
  readonly press: (
    of: Pick<ElementProps, "place" | "blockId" | "actionId">,
    value?: JsonObject,
  ) => Promise<Done>;
  /** Asks at once: what an external select offers does not depend on what is entered elsewhere. */
  readonly suggest: (
    of: Pick<ElementProps, "place" | "blockId" | "actionId">,
    typed: string,
  ) => Promise<Done>;
}

/** What a person can do, as whoever is looking. */
export function useDeeds(): Deeds {
  const { me, send, say } = useLooking();

  async function tell(deed: Deed): Promise<Done> {
    const done = await send(deed).catch((error: unknown): Done => {
      return { ok: false, why: `The playground did not answer: ${String(error)}. Is it still running?` };
    });
    if (!done.ok) say(done.why);
    return done;
  }

  return {
    inTurn: (deed) => inTurn(() => tell(deed)),
    enter: ({ place, blockId, actionId }, value) => {
      const key = JSON.stringify([me, place, blockId, actionId]);
      const deed: Deed = { do: "enter", as: me, place, blockId, actionId, value };
      void latestInTurn(key, () => tell(deed));
    },
    press: ({ place, blockId, actionId }, value) =>
      afterAll(() =>
        tell({ do: "press", as: me, place, blockId, actionId, ...(value !== undefined && { value }) }),
      ),
    suggest: ({ place, blockId, actionId }, typed) =>
      tell({ do: "suggest", as: me, place, blockId, actionId, typed }),
  };
}
