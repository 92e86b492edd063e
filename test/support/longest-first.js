import { relative, sep } from "node:path";
import Sequencer from "@jest/test-sequencer";

/** Where tests wait for processes to die and to start, the longest first: one that begins last holds up the run by itself. */
const longest = ["crash", "model", "process", "browser", "playground-stage", "cli"];

/** Jest's own order goes by the size of files where it has never run them, as on a fresh machine. */
// oxlint-disable-next-line import/no-default-export -- Jest loads the default export.
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    // oxlint-disable-next-line unicorn/no-array-sort -- Jest's, which sorts no array in place.
    const sorted = await super.sort(tests);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}

function rank({ path, context }) {
  const [, folder] = relative(context.config.rootDir, path).split(sep);
  const place = longest.indexOf(folder);
  return place === -1 ? longest.length : place;
}
