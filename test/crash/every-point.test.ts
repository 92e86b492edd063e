import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type CrashPoint, crashPoints } from "../../src/crash-point.ts";
import type { CommandType } from "../../src/domain/command.ts";
import type { DeadlineEffect } from "../../src/access/carry-out/deadline.ts";
import { accessStories } from "./access-stories.ts";
import { decisionStories } from "./decision-stories.ts";

/**
 * Dying there leaves behind just what dying at the other point does, at which a story dies: between the two nothing is
 * written and nobody outside is told or asked to change anything.
 */
const alike: Partial<Record<CrashPoint, CrashPoint>> = {
  // A deadline is a commit, in which its effect is finished too; after it, only the queues hear of what it owes.
  ...byDeadline("expire_request", "expire"),
  ...byDeadline("remind_request", "remind"),
  ...byDeadline("escalate_request", "escalate"),
  ...byDeadline("lapse_request", "lapse"),
  ...byDeadline("check_review", "check_review"),
  // The provider is only read before the commit, and nothing follows it.
  "before check_idle": "before commit of note_use",
  "after check_idle": "after commit of note_use",
  "before check_held": "before commit of note_held",
  "after check_held": "after commit of note_held",
  "before commit of note_asked": "before grant",
  // The effect is finished in the commit.
  "after extend_access": "after commit of extend",
  // What is due begins to end by that commit.
  "before revoke": "before commit of revoke",
  // A message was claimed and not begun; the claim knows no kinds.
  "before update_request": "before post_request",
  "before tell_thread": "before post_request",
  "before tell_requester": "before post_request",
  "before tell_alerts": "before post_request",
  "before remind_expiry": "before post_request",
};

function byDeadline(
  effect: DeadlineEffect["kind"],
  command: CommandType,
): Partial<Record<CrashPoint, CrashPoint>> {
  return {
    [`before ${effect}`]: `before commit of ${command}`,
    [`after ${effect}`]: `after commit of ${command}`,
  };
}

const takesRace =
  "takes two grants that race; test/access/in-flight.test.ts, “gets it back from whoever comes next”, has a worker die there";

const takesAHandover =
  "takes a provider that hands something over; test/slack/handover.test.ts has what was taken out and not shown be given anew, and " +
  "whoever dies before the commit has changed nothing: the press, or the effect that failed, comes again";

/** Where no story dies, and why. */
const untold: Partial<Record<CrashPoint, string>> = {
  "before commit of restore": takesRace,
  "after commit of restore": takesRace,
  "before commit of show_handover": takesAHandover,
  "after commit of show_handover": takesAHandover,
  "before commit of hand_over": takesAHandover,
  "after commit of hand_over": takesAHandover,
};

const ofAnEffect = "keeps the books of an effect, whose points stand before and after it";
const ofTidying = "deletes what nothing reads any more; the next walk does the same again";
const ofALook =
  "remembered from one look for drift to the next: a look that was not ended is begun again, as in the story of what nobody gave";
const ofTelling =
  "a step that is not known to be said is said by the next look, as in the story of what is not taken away at first";
const ofKeys =
  "a key is written before anything is sealed with it; one that seals nothing yet is found and used the next time";

const ofErasure =
  "all of a command of its own, `hallpass audit forget`, in one transaction: given again after a crash, it finds all or nothing done";

const ofIdentity =
  "who is who, in one transaction with its event, found again by whoever is seen next; what an operator does by hand is given again";

/** What writes without points of its own, and why. */
const exempt: Readonly<Record<string, string>> = {
  "persistence/effects/effects.ts claimEffect": ofAnEffect,
  "persistence/effects/effects.ts renewClaim": ofAnEffect,
  "persistence/requests/due-revocations.ts claimRevocations": ofAnEffect,
  "persistence/effects/effects.ts noteAttempt": ofAnEffect,
  "persistence/effects/effects.ts finishEffect": ofAnEffect,
  "persistence/effects/effects.ts postponeEffect": ofAnEffect,
  "persistence/effects/owed-messages.ts settleMerged": ofAnEffect,
  "persistence/effects/owed-messages.ts hastenMessages": ofAnEffect,
  "persistence/effects/done-effects.ts deleteDone": ofTidying,
  "persistence/drift/findings.ts touchFindings": ofALook,
  "persistence/drift/findings.ts beginRemoval": ofALook,
  "persistence/drift/findings.ts dropRemoval": ofALook,
  "persistence/drift/findings.ts closeUnguarded": ofALook,
  "persistence/drift/findings.ts markTold": ofALook,
  "persistence/drift/looks.ts claimLooks": ofALook,
  "persistence/drift/looks.ts renewLook": ofALook,
  "persistence/drift/looks.ts endLook": ofALook,
  "persistence/drift/looks.ts forgetLooks": ofALook,
  "persistence/requests/overdue.ts claimTelling": ofTelling,
  "persistence/requests/overdue.ts recordTold": ofTelling,
  "persistence/people/meet-people.ts meet": ofKeys,
  "persistence/people/meet-people.ts add": ofKeys,
  "persistence/personal/forget.ts forget": ofErasure,
  "persistence/personal/forget.ts eraseTraces": ofErasure,
  "persistence/personal/forget.ts eraseFindings": ofErasure,
  "persistence/people/identities.ts change": ofIdentity,
  "persistence/people/identities.ts recogniseNow": ofIdentity,
  "persistence/people/join-people.ts createPerson": ofIdentity,
  "persistence/people/join-people.ts joinPeople": ofIdentity,
  "persistence/people/join-people.ts noteChange": ofIdentity,
  "persistence/people/join-people.ts renumberDecisions": ofIdentity,
  "persistence/people/join-people.ts takeNames": ofIdentity,
  "persistence/people/join-people.ts recordWithin": ofIdentity,
  "persistence/people/split-people.ts keepLockedDown": ofIdentity,
  "persistence/people/split-people.ts splitPeople": ofIdentity,
};

const source = join(import.meta.dirname, "../../src");

/** What follows the audit catches up from where it stopped: it is no transition, and nobody waits for it. */
const followsAudit = join(source, "audit/");

/** The functions, by file and name, that send a statement which writes, and whether it is sent between crash points. */
async function writers(): Promise<readonly { readonly name: string; readonly isBetween: boolean }[]> {
  const files = (await readdir(source, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes("generated") && !file.startsWith(followsAudit));
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8");
      return [
        ...text.matchAll(
          /\$(?:query|execute)Raw(?:Unsafe)?\b[^`]*`[^`]*`|\bclient\.query\b[^`"]*(?:`[^`]*`|"[^"]*")|\bdb\.\w+\.(?:create|update|upsert|delete)/g,
        ),
      ]
        .filter(([statement]) => /insert into|\bupdate \w+|delete from|insertEvents|^db\./i.test(statement))
        .map(({ index }) => {
          const before = text.slice(0, index);
          const name = [...before.matchAll(/function (\w+)/g)].at(-1)?.[1] ?? "";
          return {
            name: `${relative(source, file)} ${name}`,
            isBetween: before.slice(before.lastIndexOf(`function ${name}`)).includes("committing("),
          };
        });
    }),
  );
  return found.flat();
}

it("at every crash point there is, a process dies in some story", () => {
  const told = new Set<CrashPoint>(
    [...accessStories, ...decisionStories].flatMap(({ steps }) => steps.map(({ dies }) => dies)),
  );
  expect(crashPoints.filter((point) => !told.has(alike[point] ?? point) && !(point in untold))).toEqual([]);
  expect([...told].filter((point) => point in untold || point in alike)).toEqual([]);
});

it("every statement that writes is sent between crash points", async () => {
  const all = await writers();
  expect(all.length).toBeGreaterThan(Object.keys(exempt).length);
  const without = all.filter(({ isBetween }) => !isBetween).map(({ name }) => name);
  expect([...new Set(without)].toSorted()).toEqual(Object.keys(exempt).toSorted());
});
