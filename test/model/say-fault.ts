import { z } from "zod";
import { faultOfHistories } from "./fault-of-histories.ts";

const Some = z.object({ seed: z.number(), queues: z.enum(["PostgreSQL", "Redis"]), histories: z.number() });

const fault = await faultOfHistories(Some.parse(JSON.parse(process.argv[2] ?? "")));
process.stdout.write(JSON.stringify({ fault }), () => process.exit());
