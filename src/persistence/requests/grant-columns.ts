import { z } from "zod";
import { type Grant, grantStatuses, revokeReasons } from "../../domain/grant/grant.ts";
import { Prisma } from "../../generated/prisma/client.ts";
import { schemasOf } from "../../schemas-of.ts";

type Row = Readonly<Record<string, unknown>>;

/** Where a field of a grant is in the table `grants`. */
type Field = {
  /** Reads it from JSON. */
  readonly schema: z.ZodType;
  /** Its type in SQL, as JSON is written to the table. */
  readonly type: "uuid" | "text" | "int" | "boolean" | "timestamptz" | "jsonb";
  /** Written once: no transition changes it. */
  readonly isFixed?: true;
  /** Its columns and what is written to each from a row `g` of JSON; one column of the same name unless told. */
  readonly columns?: Readonly<Record<string, string>>;
  /** How it is read from its columns if it is not the value of one; `undefined` if it is absent. */
  readonly read?: (row: Row) => unknown;
};

const text = { type: "text", schema: z.string() } as const;
const optionalText = { type: "text", schema: z.string().exactOptional() } as const;
const count = { type: "int", schema: z.number() } as const;
const instant = { type: "timestamptz", schema: z.coerce.date().exactOptional() } as const;

/** Every field of a grant, in the order of its columns. A new one needs a migration, too. */
const fields = {
  id: { type: "uuid", schema: z.string(), isFixed: true },
  requestId: {
    type: "uuid",
    schema: z.string(),
    isFixed: true,
    columns: { request_id: "changed.id" },
  },
  status: { type: "text", schema: z.enum(grantStatuses) },
  provider: { ...text, isFixed: true },
  subject: { ...text, isFixed: true },
  target: { type: "jsonb", schema: z.unknown(), isFixed: true },
  askedAt: instant,
  ids: {
    type: "jsonb",
    schema: z.object({ system: z.string(), subjectId: z.string(), targetId: z.string() }).exactOptional(),
    columns: {
      system: "g.ids ->> 'system'",
      subject_id: "g.ids ->> 'subjectId'",
      target_id: "g.ids ->> 'targetId'",
    },
    read({ system, subject_id: subjectId, target_id: targetId }: Row) {
      const ids = { system, subjectId, targetId };
      return Object.values(ids).some((id) => id === null || id === undefined) ? undefined : ids;
    },
  },
  state: { type: "jsonb", schema: z.record(z.string(), z.unknown()).exactOptional() },
  durationSeconds: { ...count, isFixed: true },
  activeAt: instant,
  expiresAt: instant,
  endingSince: instant,
  revokeReason: { type: "text", schema: z.enum(revokeReasons).exactOptional() },
  revokedAt: instant,
  revokeAttempts: count,
  lastError: optionalText,
  lastUsedAt: instant,
  isStanding: flag("isStanding"),
  isLeft: flag("isLeft"),
  vanishedAt: instant,
  handover: {
    type: "jsonb",
    schema: z
      .object({ title: z.string(), sealed: z.string().exactOptional(), since: z.string() })
      .exactOptional(),
  },
} satisfies { readonly [Key in keyof Required<Grant>]: Field };

/** Absent stands for false, which is what the table has. */
function flag(key: keyof Grant) {
  return {
    type: "boolean",
    schema: z.boolean().exactOptional(),
    columns: { [columnOf(key)]: `coalesce(g."${key}", false)` },
    read: (row: Row) => (row[columnOf(key)] === true ? true : undefined),
  } as const;
}

function columnOf(key: string): string {
  return key.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}

const all = Object.entries<Field>(fields).map(([key, { columns, read, ...field }]) => ({
  key,
  ...field,
  columns: Object.entries(columns ?? { [columnOf(key)]: `g."${key}"` }),
  read: read ?? ((row: Row) => row[columnOf(key)] ?? undefined),
}));

/** A row of `grants` as JSON. */
export const GrantRow: z.ZodType<Grant> = z.preprocess(
  (row) => {
    if (typeof row !== "object" || row === null) return row;
    const columns: Row = { ...row };
    const values = all.map(({ key, read }) => [key, read(columns)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  },
  z.object(schemasOf(fields)),
);

const listed = (parts: readonly string[]): Prisma.Sql => Prisma.raw(parts.join(", "));

/** Parts of the statement that writes grants, from rows `g` of JSON and requests `changed`. */
export const grantColumns = {
  inserted: listed(all.flatMap(({ columns }) => columns.map(([column]) => column))),
  selected: listed(all.flatMap(({ columns }) => columns.map(([, value]) => value))),
  typed: listed(all.map(({ key, type }) => `"${key}" ${type}`)),
  updated: listed(
    all.flatMap(({ isFixed, columns }) =>
      isFixed ? [] : columns.map(([column]) => `${column} = excluded.${column}`),
    ),
  ),
};
