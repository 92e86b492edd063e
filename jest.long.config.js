import { long, onPostgres15 } from "./test/long.js";
import config from "./jest.config.js";

// oxlint-disable-next-line eslint/no-restricted-properties -- For the tests, whose workers take it over.
process.env["TEST_POSTGRES"] = "15";

/** @type {import("jest").Config} */
export default {
  ...config,
  testMatch: [...long, ...onPostgres15].map((path) => `<rootDir>/${path}`),
  testPathIgnorePatterns: ["/node_modules/"],
};
