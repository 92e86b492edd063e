import { long, namesOne } from "./test/long.js";
// oxlint-disable-next-line import/no-unassigned-import -- It teaches this process TypeScript.
import "./test/support/run-typescript.js";

const isNamed = namesOne(process.argv.slice(2));

/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  transform: {},
  testRunner: "<rootDir>/test/support/run-in-node.js",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", ...(isNamed ? [] : long.map((path) => `<rootDir>/${path}`))],
  globalSetup: "<rootDir>/test/support/global-setup.mjs",
  globalTeardown: "<rootDir>/test/support/global-teardown.mjs",
  testSequencer: "<rootDir>/test/support/longest-first.js",
  testTimeout: 120_000,
  maxWorkers: 2,
};
