import { expect, test } from "@jest/globals";
import { createProviders, providerTypes } from "../../src/providers/registry.ts";
import { serverUrl } from "../support/database.ts";

const options = providerTypes.postgres.options.parse({ type: "postgres", url: "${ORDERS_DATABASE_URL}" });
const named = new Map([["orders-postgres", { options }]]);

test("the providers a policy names are made, with their secrets", async () => {
  const providers = createProviders(named, (name) =>
    name === "ORDERS_DATABASE_URL" ? serverUrl() : undefined,
  );
  expect([...providers.keys()]).toEqual(["orders-postgres"]);
  await providers.get("orders-postgres")?.check();
  await providers.get("orders-postgres")?.close();
});

test.each([undefined, ""])("a secret that is missing is named, and who needs it (%j)", (value) => {
  expect(() => createProviders(named, () => value)).toThrow(
    'Provider "orders-postgres" needs the environment variable ORDERS_DATABASE_URL, which is not set.',
  );
});
