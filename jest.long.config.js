import { long } from "./test/long.js";
import config from "./jest.config.js";

/** @type {import("jest").Config} */
export default {
  ...config,
  testMatch: long.map((path) => `<rootDir>/${path}`),
  testPathIgnorePatterns: ["/node_modules/"],
};
