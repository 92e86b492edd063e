import { createInterface } from "node:readline/promises";
import { type ForgetRefusal, forgetPerson } from "../../persistence/personal/forget.ts";
import { CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";

export type ForgetOptions = { readonly yes?: boolean };

/** `hallpass audit forget`: erases a person, after a confirmation. Resolves with the exit code. */
export async function auditForget(called: string, { yes = false }: ForgetOptions): Promise<number> {
  if (!yes) await confirm(called);
  return withDatabase(readSettings(), { mustExist: true, asOwner: true }, async (databaseUrl) => {
    const result = await forgetPerson(databaseUrl, called);
    if (!result.forgotten) throw new CommandError(refusalText(result.refusal, called));
    const { person, plainEvents } = result;
    const plainly =
      plainEvents === 0
        ? ""
        : `\n- ${plainEvents} audit events of theirs from before people had keys: they can't be changed`;
    process.stdout.write(
      `Erased: the audit and all tables call them "erased person ${person}" from now on. This can't be undone.

Not reached by this:
- what Slack holds: messages, threads and their profile
- exports, and copies of the audit elsewhere
- backups of this database, its write-ahead log and its replicas, until they are overwritten
- the policy, where it names them, and the policies that were in force before
- what others wrote of them without their address or Slack id${plainly}
`,
    );
    return 0;
  });
}

function refusalText(refusal: ForgetRefusal, called: string): string {
  switch (refusal.kind) {
    case "unknown":
      return `Nobody is known as ${called}: expected the e-mail address they have in Slack, or the Slack id of an account without one.`;
    case "has_access":
      return `${called} has access by ${refusal.requests.join(", ")}, which is not proven gone: end it first, nothing was erased.`;
    case "waits":
      return `${called} has asked for access by ${refusal.requests.join(", ")}, which is still open: cancel or decide it first, nothing was erased.`;
    case "locked_down":
      return `${called} is locked down, and would not be any more: lift the lockdown first, nothing was erased.`;
    case "joined_unrecorded":
      return `Person ${refusal.people.join(", ")} is taken for ${called} too, and the audit does not say who said so: see hallpass people show, and join or split them on record first. Nothing was erased.`;
  }
}

/** Asks for the address once more, because erasing can't be undone. */
async function confirm(called: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CommandError(`To erase ${called} for good, add --yes: there is no terminal to ask on.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await terminal.question(
      `This destroys what the audit knows of ${called} for good. Type the address again to go on: `,
    );
    if (typed.trim() !== called) throw new CommandError("That is not the same address; nothing was erased.");
  } finally {
    terminal.close();
  }
}
