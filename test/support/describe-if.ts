/** `describe` where the condition holds; elsewhere the tests are skipped under a title that says why. */
export function describeIf(condition: boolean, reason: string): (title: string, tests: () => void) => void {
  return condition
    ? describe
    : (title, tests) => {
        describe.skip(`${title} (skipped: ${reason})`, tests);
      };
}
