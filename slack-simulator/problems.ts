import type { Delivery } from "./delivery.ts";

/** Something the app did that Slack refuses, or takes without doing what was probably meant. */
export interface Problem {
  readonly severity: "refused" | "warning";
  /** The method, delivery or URL it came through. */
  readonly where: string;
  readonly message: string;
  /** The delivery whose acknowledgement this is about. */
  readonly delivery: Delivery | undefined;
}

export interface Problems {
  readonly list: () => readonly Problem[];
  readonly refused: (where: string, message: string, delivery?: Delivery) => void;
  readonly warning: (where: string, message: string) => void;
  readonly clear: () => void;
}

/** Collects what a test should be told about even when the app shrugged it off. */
export function createProblems(onProblem: () => void): Problems {
  const problems: Problem[] = [];
  const note = (problem: Problem): void => {
    problems.push(problem);
    onProblem();
  };
  return {
    list: () => [...problems],
    refused: (where, message, delivery) => note({ severity: "refused", where, message, delivery }),
    warning: (where, message) => note({ severity: "warning", where, message, delivery: undefined }),
    clear: () => void problems.splice(0),
  };
}
