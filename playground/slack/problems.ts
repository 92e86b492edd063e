/** Something the app did that Slack refuses, or takes without doing what was probably meant. */
interface Problem {
  readonly severity: "refused" | "warning";
  /** The method, delivery or URL it came through. */
  readonly where: string;
  readonly message: string;
}

export interface Problems {
  readonly list: () => readonly Problem[];
  readonly refused: (where: string, message: string) => void;
  readonly warning: (where: string, message: string) => void;
  readonly clear: () => void;
}

/** Collects what a test should be told about even when the app shrugged it off. */
export function createProblems(): Problems {
  const problems: Problem[] = [];
  return {
    list: () => [...problems],
    refused: (where, message) => void problems.push({ severity: "refused", where, message }),
    warning: (where, message) => void problems.push({ severity: "warning", where, message }),
    clear: () => void problems.splice(0),
  };
}
