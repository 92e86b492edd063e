import type { Client } from "pg";
import { z } from "zod";
import { Prisma, type PrismaClient } from "../../src/generated/prisma/client.ts";

const Explained = z.array(
  z.object({
    "QUERY PLAN": z.tuple([
      z.object({ Plan: z.object({ "Shared Hit Blocks": z.number(), "Shared Read Blocks": z.number() }) }),
    ]),
  }),
);

/**
 * How many pages the questions of `ask` touch: what they cost whatever machine they are asked on, and however busy it is. They are
 * answered as well.
 */
export async function pagesOf(client: Client, ask: (db: PrismaClient) => Promise<unknown>): Promise<number> {
  let pages = 0;
  const $queryRaw = async (
    strings: TemplateStringsArray,
    ...values: readonly unknown[]
  ): Promise<unknown> => {
    const { text, values: parameters } = Prisma.sql(strings, ...values);
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, parameters);
    for (const {
      "QUERY PLAN": [{ Plan: plan }],
    } of Explained.parse(rows))
      pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
    return (await client.query(text, parameters)).rows;
  };
  // All that `ask` may use of it; anything else fails.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await ask({ $queryRaw } as unknown as PrismaClient);
  return pages;
}
