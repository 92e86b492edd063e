/** One protection taken out of the code, and the tests that must notice. */
export type Mutant = {
  /** Which of the things that must always be true (the design's list) it protects. */
  readonly invariant: number;
  /** What the code does no more. */
  readonly without: string;
  readonly file: string;
  /** Exactly as it stands in the file, once. */
  readonly text: string;
  readonly replacement: string;
  /** At least one test of these files goes red. */
  readonly tests: readonly string[];
};

const decide = "src/domain/request-transitions.ts";
const grants = "src/domain/grant-transitions.ts";
const effects = "src/persistence/effects.ts";
const carryOut = "test/access/carry-out.test.ts";
const decideTest = "test/domain/decide.test.ts";

export const mutants: readonly Mutant[] = [
  {
    invariant: 1,
    without: "an approval that is still valid when the provider is asked",
    file: "src/access/carry-out-grant.ts",
    text: "if (effect.now >= until) return fail(",
    replacement: "if (false as boolean) return fail(",
    tests: [carryOut],
  },
  {
    invariant: 1,
    without: "a decision by those whom today's policy names",
    file: decide,
    text: 'if (!steps.some(({ approvers }) => approvers.includes(by.email))) return { refusal: "not_approver" };',
    replacement: "",
    tests: [decideTest],
  },
  {
    invariant: 1,
    without: "another look where two requests of one person are given at once",
    file: "src/persistence/approval-count.ts",
    text: "where requesters.approvals = ${seen}",
    replacement: "",
    tests: ["test/access/approved-at-once.test.ts"],
  },
  {
    invariant: 2,
    without: "the refusal of one's own request",
    file: decide,
    text: 'if (isSamePerson(request.requester, by)) return { refusal: "own_request" };',
    replacement: "",
    tests: [decideTest],
  },
  {
    invariant: 2,
    without: "the same refusal by the database",
    file: "prisma/migrations/20261129100000_identities/migration.sql",
    text: "if new.decisions @> jsonb_build_array(jsonb_build_object('person', new.requester_person)) then",
    replacement: "if false then",
    tests: ["test/persistence/audit-insert-only.test.ts"],
  },
  {
    invariant: 3,
    without: "one person counted once",
    file: decide,
    text: 'if (hasDecided(request.decisions, by)) return { refusal: "decided_before" };',
    replacement: "",
    tests: [decideTest],
  },
  {
    invariant: 3,
    without: "the version a decision is recorded against",
    file: "src/persistence/transitions.ts",
    text: "where r.id = d.id and r.version = d.version",
    replacement: "where r.id = d.id",
    tests: ["test/access/recent-states.test.ts"],
  },
  {
    invariant: 4,
    without: "the clock that keeps running over a restart",
    file: effects,
    text: "started_at = coalesce(started_at, ${clock.now})",
    replacement: "started_at = ${clock.now}",
    tests: [carryOut],
  },
  {
    invariant: 5,
    without: "the revocation owed from the moment access is active",
    file: grants,
    text: '{ kind: "revoke", grantId: grant.id, dueAt: expiresAt },',
    replacement: "",
    tests: [decideTest],
  },
  {
    invariant: 5,
    without: "the proof that access is gone",
    file: "src/access/carry-out-revoke.ts",
    text: "if (!(await provider.holds(grant.subject, target, grant.state))) return undefined;",
    replacement: "if (!(false as boolean)) return undefined;",
    tests: [carryOut],
  },
  {
    invariant: 6,
    without: "the look for another grant of the same",
    file: "src/access/leave-to-keeper.ts",
    text: "const keeper = await (deps.ledger?.keeperOf(grant) ?? findKeeper(deps.db, deps.clock, grant));",
    replacement: "const keeper = undefined as Awaited<ReturnType<typeof findKeeper>>;",
    tests: ["test/slack/overlap.test.ts"],
  },
  {
    invariant: 7,
    without: "the revocation of what may have half happened",
    file: grants,
    text: `[
        { kind: "revoke", grantId: grant.id, dueAt: now },
        { kind: "update_request", dueAt: now },
        { kind: "tell_alerts", dueAt: now, event },`,
    replacement: `[
        { kind: "update_request", dueAt: now },
        { kind: "tell_alerts", dueAt: now, event },`,
    tests: [decideTest],
  },
  {
    invariant: 7,
    without: "the order of a grant and its revocation",
    file: effects,
    text: "and ((o.seq < e.seq and o.due_at <= ${clock.now}) or o.locked_until > statement_timestamp()))",
    replacement: "and o.seq < e.seq and o.due_at < ${clock.now} and false)",
    tests: [carryOut],
  },
  {
    invariant: 8,
    without: "the right to change an event, which the working role lacks",
    file: "src/persistence/rights.ts",
    text: `  "audit_events",\n`,
    replacement: "",
    tests: ["test/persistence/embedded-roles.test.ts"],
  },
  {
    invariant: 8,
    without: "the end of the superuser's login",
    file: "src/persistence/embedded-roles.ts",
    text: "if (close) await leaveAlone(client);",
    replacement: "",
    tests: ["test/persistence/embedded-roles.test.ts"],
  },
  {
    invariant: 8,
    without: "the trigger that refuses a change of the log",
    file: "prisma/migrations/20261121200000_audit_retention/migration.sql",
    text: "create trigger audit_events_insert_only before update on audit_events",
    replacement: "create trigger audit_events_insert_only before update of dedupe_key on audit_events",
    tests: ["test/persistence/audit-insert-only.test.ts"],
  },
  {
    invariant: 5,
    without: "the claim of what ends together",
    file: "src/persistence/due-revocations.ts",
    text: "and (e.locked_until is null or e.locked_until < statement_timestamp())",
    replacement: "",
    tests: ["test/persistence/due-revocations.test.ts"],
  },
  {
    invariant: 5,
    without: "the room that is left beside a provider that hangs",
    file: "src/jobs/end-on-time.ts",
    text: "const busy = [...ofProvider.keys()].filter(isBusy);",
    replacement: "const busy: string[] = [];",
    tests: ["test/jobs/end-on-time.test.ts"],
  },
  {
    invariant: 9,
    without: "the end of a dead worker's claim",
    file: effects,
    text: `where e.id = \${id}::uuid and e.done_at is null
      and (e.locked_until is null or e.locked_until < statement_timestamp())`,
    replacement: `where e.id = \${id}::uuid and e.done_at is null
      and e.locked_until is null`,
    tests: [carryOut],
  },
  {
    invariant: 9,
    without: "the sweep that finds what the queue lost",
    file: "src/jobs/end-on-time.ts",
    text: "claimRevocations(deps.db, deps.clock, { limit: batchSize, aheadMs, busy });",
    replacement: "claimRevocations(deps.db, deps.clock, { limit: 0, aheadMs, busy });",
    tests: ["test/slack/overlap.test.ts"],
  },
  {
    invariant: 4,
    without: "the place of an extension that only one can have",
    file: "src/access/extend-access.ts",
    text: "place: all + 1 }",
    replacement: "place: Math.round(performance.now() * 1000) }",
    tests: ["test/access/extension.test.ts"],
  },
  {
    invariant: 5,
    without: "the memory that access was asked for, before what is there counts as somebody's own",
    file: "src/access/carry-out-grant.ts",
    text: "error: answer.failure, untouched: false };",
    replacement: "error: answer.failure, untouched: true };",
    tests: ["test/access/standing.test.ts"],
  },
  {
    invariant: 10,
    without: "the provider's confirmation before anything is said",
    file: "src/access/carry-out-grant.ts",
    text: "if (await provider.holds(grant.subject, target, state)) return { state };",
    replacement: "if (true as boolean) return { state };",
    tests: [carryOut],
  },
  {
    invariant: 11,
    without: "the failure of a condition that throws",
    file: "src/policy/conditions.ts",
    text: "return { failed: wordFailure(failure) };",
    replacement: "return { holds: false };",
    tests: ["test/policy/groups.test.ts"],
  },
  {
    invariant: 8,
    without: "the mark of what somebody is called, where it is read",
    file: "src/persistence/personal-values.ts",
    text: "text !== undefined && markOf(key, row.kind, text).equals(mark)",
    replacement: "text !== undefined",
    tests: ["test/audit/verify-who.test.ts"],
  },
  {
    invariant: 8,
    without: "the person whose row it is, where it is read",
    file: "src/persistence/personal-values.ts",
    text: "if (row.person_id !== person || !row.mark.equals(mark)) return other;",
    replacement: "",
    tests: ["test/audit/verify-who.test.ts"],
  },
  {
    invariant: 8,
    without: "an event that says why there is no key any more",
    file: "src/audit/verify-people.ts",
    text: "return erased?.has(opened.person) === false ? [unsaid(opened.person)] : [];",
    replacement: "return [];",
    tests: ["test/audit/verify-who.test.ts"],
  },
  {
    invariant: 8,
    without: "the refusal of events that bind nothing among those that do",
    file: "src/audit/verify-places.ts",
    text: "if (isBound && (lacks.people || lacks.number))",
    replacement: "if (false as boolean)",
    tests: ["test/audit/verify-who.test.ts"],
  },
  {
    invariant: 12,
    without: "the refusal of everybody when today's policy asks nobody",
    file: decide,
    text: 'if (!authority) return { refusal: "policy_changed" };',
    replacement: "if (!authority) return { authority: { steps: [] } };",
    tests: [decideTest],
  },
  {
    invariant: 12,
    without: "the refusal of guests",
    file: "src/slack/authority.ts",
    text: 'if (account.isGuest) return "guest";',
    replacement: "",
    tests: ["test/slack/authority.test.ts"],
  },
  {
    invariant: 12,
    without: "the refusal of other organisations on Enterprise Grid",
    file: "src/slack/authority.ts",
    text: "enterpriseId !== undefined && account.enterpriseId === enterpriseId",
    replacement: "enterpriseId !== undefined",
    tests: ["test/slack/user-groups.test.ts"],
  },
  {
    invariant: 13,
    without: "the apostrophe before what a spreadsheet would calculate",
    file: "src/audit/export-query.ts",
    text: "then '''' || (${sql}) else",
    replacement: "then (${sql}) else",
    tests: ["test/audit/export.test.ts"],
  },
  {
    invariant: 13,
    without: "the quoting of a role's name",
    file: "src/providers/postgres-names.ts",
    text: `return \`"\${name.replaceAll('"', '""')}"\`;`,
    replacement: 'return `"${name}"`;',
    tests: ["test/providers/postgres.test.ts"],
  },
  {
    invariant: 14,
    without: "the words taken out of each line of the log",
    file: "src/logger.ts",
    text: "hooks: { streamWrite: redactSecrets },",
    replacement: "",
    tests: ["test/logger.test.ts"],
  },
];
