import { z } from "zod";

/** What ended access did, as it says itself. */
export const Started = z.object({
  /** When the provider was asked to take each subject's access away, in milliseconds of this machine's clock. */
  starts: z.array(z.tuple([z.string(), z.number()])),
  /** Its processor time. */
  cpuMs: z.number(),
});
export type Started = z.infer<typeof Started>;
