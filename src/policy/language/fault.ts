/** Something wrong in a policy, and where; lines and columns count from 1. */
export type PolicyFault = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

/** Formats a fault: `hallpass.yml:12:5: what was expected, what came`. */
export function wordFault(fault: PolicyFault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.message}`;
}
