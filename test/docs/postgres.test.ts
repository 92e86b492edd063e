import { load } from "js-yaml";
import { z } from "zod";
import { PostgresOptions } from "../../src/providers/postgres/index.ts";
import { describeHere, openRoles, type Roles, versionHere } from "../providers/postgres/roles.ts";
import { type Block, blocksOf, readPage } from "./markdown.ts";

const Page = z.object({
  providers: z.object({ "orders-postgres": z.looseObject({ type: z.literal("postgres") }) }),
});
let blocks: readonly Block[];

beforeAll(async () => {
  blocks = blocksOf(await readPage("postgres-provider.md"));
});

test("the page's options are options, all of them", () => {
  const text = blocks.find(({ language }) => language === "yaml")?.text ?? "";
  const { providers } = Page.parse(load(text));
  const { type: _, ...options } = providers["orders-postgres"];
  expect(Object.keys(PostgresOptions.parse(options)).toSorted()).toEqual(
    Object.keys(PostgresOptions.shape).toSorted(),
  );
});

describeHere(`on PostgreSQL ${versionHere}`, () => {
  let roles: Roles;

  beforeAll(async () => {
    roles = await openRoles(versionHere);
  });

  afterAll(async () => {
    await roles.dropAll();
    await roles.close();
  });

  test("the page's SQL is all that Hallpass needs", async () => {
    const targets = [
      { role: await roles.create("orders_read") },
      { role: await roles.create("orders_write") },
    ];
    const hallpass = await roles.person("bot");
    const [create = "", reserve = ""] = blocks.flatMap(({ language, text }) =>
      language === "sql" ? [text] : [],
    );
    const grants = create.replace(/^CREATE ROLE.*$/mu, "") + (versionHere === "15" ? "" : reserve);
    await roles.admin.query(
      grants
        .replaceAll(/orders_(?:read|write)/gu, `${roles.prefix}_$&`)
        .replaceAll(/\bhallpass\b/gu, hallpass),
    );
    const provider = roles.connect({ url: roles.urlAs(hallpass) });
    expect(await provider.check(targets)).toEqual([]);
  });
});
