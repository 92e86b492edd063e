import { asking } from "./asking.ts";
import { giving } from "./giving.ts";
import { reading } from "./reading.ts";
import type { Rule } from "./rule.ts";
import { taking } from "./taking.ts";

/** All that Hallpass relies on in every provider, whatever it is made of. */
export const rules: readonly Rule[] = [...giving, ...reading, ...taking, ...asking];

/** What some rule needs, and not every system can show. */
export const abilities = [...new Set(rules.flatMap(({ needs }) => needs))].toSorted();
