import { z } from "zod";
import { addressOn, defaultSurface } from "../../domain/surface.ts";
import { formatDuration, parseDuration } from "../../domain/duration.ts";

// The basic types of a policy. Messages are predicates ("expected ..."): shape.ts adds what came, and where. Patterns have no
// flags: those would be lost in the JSON Schema.

/** A year: anything longer is standing access, and seconds have to fit the database's integers. */
const longestSeconds = 365 * 86_400;

/** The syntax of every name in a policy. */
export const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, {
  error: "expected a name of at most 63 letters, digits, _ and -, beginning with a letter or digit",
});

/** Whole seconds, written as people write durations. */
export const Duration = z
  .string({ error: "expected a duration such as 30m, 2h or 1h30m" })
  .transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds <= longestSeconds) return seconds;
    const limit = seconds === undefined ? "" : ` of at most ${formatDuration(longestSeconds)}`;
    context.addIssue({ code: "custom", message: `expected a duration such as 30m, 2h or 1h30m${limit}` });
    return z.NEVER;
  });

/** A whole number from 1. */
export const Count = z
  .int({ error: "expected a whole number from 1" })
  .min(1, { error: "expected a whole number from 1" });

/** `resource:role`; either may be `*`. */
export const AccessEntry = z
  .string({ error: "expected RESOURCE:ROLE, either of them may be *" })
  .regex(/^(?:\*|[A-Za-z0-9][A-Za-z0-9_-]{0,62}):(?:\*|[A-Za-z0-9][A-Za-z0-9_-]{0,62})$/, {
    error: "expected RESOURCE:ROLE, either of them may be *",
  });

/** `resource:role`, without wildcards. */
export const RoleReference = z
  .string({ error: "expected RESOURCE:ROLE" })
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}:[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, {
    error: "expected RESOURCE:ROLE",
  });

const channelError =
  'expected a channel: "#name" in quotes (YAML takes a bare # for a comment) or a channel id such as C024BE91L';

/** A destination on a chat surface: a Slack channel by name or id, with or without `slack:` before it. */
export const Channel = z
  .string({ error: channelError })
  .regex(/^(?:slack:)?(?:#[\p{Ll}\p{Lo}\p{M}\p{N}_-]{1,80}|[CG][A-Z0-9]{6,20})$/u, { error: channelError })
  .overwrite((destination) => addressOn(defaultSurface, destination));

function isTimeZone(text: string): boolean {
  // Intl also accepts offsets (+01:00), which have no summer time.
  if (!/^[a-z]/i.test(text)) return false;
  try {
    return Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** An IANA time zone. */
export const TimeZone = z
  .string()
  .refine(isTimeZone, { error: "expected an IANA time zone such as UTC or Europe/London" });

/** One line for people to read. */
export const Words = z.string().regex(/^(?=.*[^\s\p{Cf}\p{DI}])[^\p{Cc}]{1,200}$/u, {
  error: "expected one line of 1 to 200 characters",
});

/** A message to a person. */
export const Message = z.string().refine((text) => /[^\s\p{Cf}\p{DI}]/u.test(text) && text.length <= 1000, {
  error: "expected 1 to 1000 characters",
});

/** A provider's name for somebody or something. */
export const Subject = z
  .string()
  .min(1, { error: "expected a name" })
  .max(256, { error: "expected at most 256 characters" });

export const Risk = z.enum(["low", "medium", "high"]);
export type Risk = z.infer<typeof Risk>;
