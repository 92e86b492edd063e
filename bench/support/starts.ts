import { z } from "zod";

/** When the provider was asked to take each subject's access away, in milliseconds of this machine's clock. */
export const Starts = z.array(z.tuple([z.string(), z.number()]));
export type Starts = z.infer<typeof Starts>;
