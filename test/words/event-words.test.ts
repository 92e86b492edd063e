import { z } from "zod";
import { type Actor, type AuditEvent, eventData, StoredEvent } from "../../src/domain/audit-event.ts";
import { eventText, toAlerts, toRequester, toThread } from "../../src/words/event-words.ts";
import { plainText } from "../../src/words/piece.ts";
import type { FamilyWords, Told } from "../../src/words/told.ts";
import { alice, buildRequest, t0 } from "../support/build.ts";

const actors: readonly Actor[] = [
  { kind: "person", id: alice.id, email: alice.email, account: "UALICE" },
  { kind: "person" },
  { kind: "policy" },
  { kind: "hallpass" },
];

/** Values of a schema, which differ in what it leaves open: what is optional is there or not, and either choice is made. */
function samples(schema: z.core.$ZodType): readonly unknown[] {
  if (schema instanceof z.ZodOptional) return [undefined, ...samples(schema.unwrap())];
  if (schema instanceof z.ZodEnum) return schema.options;
  if (schema instanceof z.ZodBoolean) return [true, false];
  if (schema instanceof z.ZodISODateTime) return [t0.toISOString()];
  if (schema instanceof z.ZodString) return ["words"];
  if (schema instanceof z.ZodNumber) return [3725];
  if (schema instanceof z.ZodUnknown) return [{ role: "reader" }];
  if (schema instanceof z.ZodArray) return [[], samples(schema.element).slice(0, 1)];
  if (schema instanceof z.ZodRecord) return [{ words: samples(schema.valueType)[0] }];
  if (schema instanceof z.ZodObject) return objects(schema.shape);
  throw new Error(`there is no sample of ${schema.constructor.name} yet`);
}

function objects(shape: Readonly<Record<string, z.core.$ZodType>>): readonly object[] {
  return Object.entries(shape).reduce<readonly object[]>(
    (made, [key, schema]) => {
      const values = samples(schema);
      return made.flatMap((each) => values.map((value) => ({ ...each, [key]: value })));
    },
    [{}],
  );
}

function eventsOf(type: string, schema: z.core.$ZodType): readonly AuditEvent[] {
  return samples(schema).flatMap((data) =>
    actors.map((actor) => StoredEvent.parse({ type, at: t0, actor, data })),
  );
}

function textsOf({ line, said }: Told): readonly string[] {
  return [plainText(line), ...(said === undefined ? [] : [said])];
}

const request = buildRequest({ ticket: "INC-42" });

it.each(Object.entries(eventData))(
  "has words for %s, whatever it holds and whoever did it",
  (type, schema) => {
    const texts = eventsOf(type, schema).flatMap((event) => {
      const told = [toThread(event), toRequester(event, request)].filter((one) => one !== undefined);
      const alert = toAlerts(event);
      return [eventText(event), ...(alert === undefined ? [] : [alert]), ...told.flatMap(textsOf)];
    });
    expect(texts).not.toEqual([]);
    const faulty = texts.filter(
      (text) => text.trim() === "" || /undefined|\bNaN\b|Invalid|\[object/u.test(text),
    );
    expect(faulty).toEqual([]);
  },
);

it("is not compiled where a type is forgotten, or said of none", () => {
  const loaded: FamilyWords<"policy">["policy.loaded"] = { record: () => "loaded" };
  // @ts-expect-error: what is said of `policy.refused` is missing.
  const forgotten: FamilyWords<"policy"> = { "policy.loaded": loaded };
  // @ts-expect-error: there is no `policy.praised`.
  const invented: FamilyWords<"policy"> = { ...forgotten, "policy.praised": loaded };
  expect(invented).toBeDefined();
});
