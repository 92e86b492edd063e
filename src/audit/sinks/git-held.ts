import { z } from "zod";
import type { ChainFacts, ChainPlace } from "./chain-facts.ts";
import type { Git } from "./git-command.ts";
import { type AtOdds, readJson } from "./sink.ts";

type Branch = { readonly git: Git; readonly commit: string; readonly signal: AbortSignal };

/** How many lines are looked up in the chain at once. */
const lookUp = 2_000;
/** For older commits, the files show what they hold. */
const mostCommits = 1_000;

/** Our files in a branch's commit: one per month. */
const fileName = /^[+\d-]+\.jsonl$/u;

/**
 * The place up to which a branch holds every record as the chain has it, judged by its files, whoever committed them. What the
 * chain does not have is ignored and reported. Our own count says where the branch may begin: what was removed at its end, or in
 * its middle, is due again.
 */
export async function readHeld(branch: Branch, facts: ChainFacts, atOdds: AtOdds): Promise<number> {
  const held = new Set<number>();
  for (const file of await filesOf(branch)) {
    const lines = heldLines(await branch.git.bytes(["cat-file", "blob", `${branch.commit}:${file}`], branch));
    for (let from = 0; from < lines.length; from += lookUp) {
      const some = lines.slice(from, from + lookUp);
      const places = await facts.at(placesOf(some));
      for (const line of some) {
        const why = differs(line, places.get(line.sequence), facts);
        if (why !== undefined) atOdds(`${file} holds place ${line.sequence}, ${why}`);
        else if (line.kind !== "checkpoint") held.add(line.sequence);
      }
    }
  }
  return endOf(held, facts);
}

async function filesOf({ git, commit, signal }: Branch): Promise<readonly string[]> {
  const names = (await git.text(["ls-tree", "-z", "--name-only", commit], { signal })).split("\0");
  return names.filter((name) => fileName.test(name));
}

type HeldLine = z.infer<typeof HeldLine>;
const HeldLine = z.object({
  kind: z.enum(["event", "checkpoint", "missing"]),
  sequence: z.number().int().positive(),
  hash: z.string().nullable(),
});

/** Lines that are not our records are somebody else's, and ignored. */
function heldLines(content: Buffer): readonly HeldLine[] {
  const lines: HeldLine[] = [];
  for (let from = 0; from < content.length;) {
    const end = content.indexOf("\n", from);
    const until = end === -1 ? content.length : end;
    const line = HeldLine.safeParse(readJson(content.toString("utf8", from, until)));
    if (line.success) lines.push(line.data);
    from = until + 1;
  }
  return lines;
}

function placesOf(claims: readonly { readonly sequence: number }[]): readonly number[] {
  return [...new Set(claims.map(({ sequence }) => sequence))];
}

const unknown = "which the chain does not have";
const otherwise = "otherwise than the chain has it";

/** How a record differs from the chain; `undefined` if it does not, or can't be compared any more. */
function differs(
  { kind, sequence, hash }: HeldLine,
  place: ChainPlace | undefined,
  { head, retired }: ChainFacts,
): string | undefined {
  if (sequence > head) return unknown;
  if (sequence <= retired) return undefined;
  if (kind === "missing") return place?.hasEvent === true ? otherwise : undefined;
  if (!place) return unknown;
  return place.hash === hash ? undefined : otherwise;
}

/** The end of the run of places that begins where the branch does, or at the latest after what was sent. */
function endOf(held: ReadonlySet<number>, { sent, retired }: ChainFacts): number {
  if (held.size === 0) return retired;
  let first = Infinity;
  for (const place of held) first = Math.min(first, place);
  let end = Math.max(retired, Math.min(first - 1, sent));
  while (held.has(end + 1)) end += 1;
  return end;
}

type Claim = { readonly commit: string; readonly sequence: number; readonly hash: string | undefined };

/** What the last commits claim, latest first, without `known` and those before it. */
async function readClaims(
  { git, commit, signal }: Branch,
  most: number,
  known: string | undefined,
): Promise<readonly Claim[]> {
  const trailer = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x20)`;
  const log = ["log", `--max-count=${most}`, `--format=%H%x09${trailer("Sequence")}%x09${trailer("Hash")}`];
  const lines = await git.text([...log, commit, ...(known === undefined ? [] : [`^${known}`])], { signal });
  return lines.split("\n").flatMap((line) => {
    const [id = "", sequences = "", hash = ""] = line.split("\t");
    return [...sequences.matchAll(/(?<!\S)\d{1,15}(?!\S)/gu)].map(([digits]) => ({
      commit: id,
      sequence: Number(digits),
      hash: /^[0-9a-f]{64}$/u.test(hash) ? hash : undefined,
    }));
  });
}

/** Reports commits that claim a place, or a hash, which the chain does not have. */
export async function tellClaims(
  branch: Branch,
  known: string | undefined,
  facts: ChainFacts,
  atOdds: AtOdds,
): Promise<void> {
  const claims = await readClaims(branch, mostCommits, known);
  const places = await facts.at(placesOf(claims));
  for (const { commit, sequence, hash } of claims) {
    const place = places.get(sequence);
    const isOther = hash !== undefined && place?.hasEvent === true && place.hash !== hash;
    const why = sequence > facts.head ? unknown : isOther ? otherwise : undefined;
    if (why !== undefined) atOdds(`commit ${commit.slice(0, 12)} says place ${sequence}, ${why}`);
  }
}

/** The place that our commit claims to have reached, if the chain has that place with that hash. */
export async function confirmedClaim(branch: Branch, facts: ChainFacts): Promise<number | undefined> {
  const [claim] = await readClaims(branch, 1, undefined);
  if (claim?.hash === undefined) return undefined;
  const place = (await facts.at([claim.sequence])).get(claim.sequence);
  return place?.hash === claim.hash ? claim.sequence : undefined;
}
