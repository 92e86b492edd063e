import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { describeIf } from "../support/describe-if.ts";
import { isInstalled } from "../support/is-installed.ts";
import { blocksOf, readPage } from "./markdown.ts";

const run = promisify(execFile);

const describeWithTools = describeIf(
  await isInstalled("bash", "git", "curl"),
  "it needs bash, git and curl, as CI has them",
);

const Step = z.object({
  name: z.string().optional(),
  uses: z.string().optional(),
  if: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  run: z.string().optional(),
});
const GitHub = z.object({
  permissions: z.record(z.string(), z.string()),
  env: z.record(z.string(), z.string()),
  jobs: z.object({ policy: z.object({ steps: z.array(Step) }) }),
});
const GitLab = z.object({
  policy: z.object({ variables: z.record(z.string(), z.string()), script: z.array(z.string()) }),
});

const [onGitHub, onGitLab] = blocksOf(await readPage("policy-ci.md")).filter(
  ({ language }) => language === "yaml",
);
const gitHub = GitHub.parse(parse(onGitHub?.text ?? ""));
const gitLab = GitLab.parse(parse(onGitLab?.text ?? ""));

const example = await readFile(fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url)), "utf8");
const withErin = example.replace(
  "orders-leads: { members: [bob@example.com, carol@example.com] }",
  "orders-leads: { members: [bob@example.com, carol@example.com, erin@example.com] }",
);
const tests = `version: 1
tests:
  - given: { as: alice@example.com, asks: "orders-db:write" }
    expect: review by group:orders-leads
`;
const change = "erin@example.com can now approve orders-db:";

let folder: string;
let project: string;
let env: Record<string, string>;

it("on GitHub the job may do no more than comment and upload", () => {
  expect(gitHub.permissions).toEqual({
    contents: "read",
    "pull-requests": "write",
    "security-events": "write",
  });
  expect(JSON.stringify(gitHub)).not.toContain("secrets.");
});

describeWithTools("on GitHub", () => {
  /** Runs the steps with a `run` as the runner does, up to the first that fails; hands back its name. */
  async function runSteps(isFork: boolean): Promise<string | undefined> {
    const temp = join(folder, "temp");
    await mkdir(temp);
    const [variables, summary] = [join(folder, "github-env"), join(folder, "summary")];
    await writeFile(variables, "");
    for (const { name, if: condition, env: own, run: lines } of gitHub.jobs.policy.steps) {
      if (lines === undefined || (isFork && condition?.includes("head.repo.full_name") === true)) continue;
      const added = (await readFile(variables, "utf8")).split("\n").filter((line) => line !== "");
      const values = Object.fromEntries(
        Object.entries(own).map(([key, value]) => [key, expressions[value] ?? value]),
      );
      const failed = await bash(lines, {
        ...gitHub.env,
        ...atHome(),
        ...Object.fromEntries(added.map((line) => line.split(/=(.*)/su, 2))),
        ...values,
        GITHUB_ENV: variables,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_REPOSITORY: "example/policies",
        RUNNER_TEMP: temp,
      });
      if (failed) return name;
    }
    return undefined;
  }

  const expressions: Readonly<Record<string, string>> = {
    "${{ github.token }}": "ghs_token",
    "${{ github.event.number }}": "7",
  };

  beforeEach(begin);
  afterEach(end);
  beforeEach(() => command("gh", `echo "$GH_TOKEN $*" > "${join(folder, "gh-said")}"`));

  it("says what merging changes for whom, in a comment and in the summary, and passes", async () => {
    await mergesInto("main", withErin, tests);
    expect(await runSteps(false)).toBeUndefined();
    const comment = join(folder, "temp", "comment.md");
    expect(await said("gh-said")).toBe(
      `ghs_token pr comment 7 --repo example/policies --body-file ${comment}`,
    );
    expect(await said("temp/comment.md")).toContain(`(\`hallpass.yml\`)\n\n    `);
    expect(await said("temp/comment.md")).toContain(change);
    expect(await said("summary")).toContain(change);
    expect(await said("npm-ran-in")).toBe(join(folder, "temp", "hallpass"));
    const sarif = z.object({ version: z.string() }).parse(JSON.parse(await said("project/hallpass.sarif")));
    expect(sarif.version).toBe("2.1.0");
  });

  it("comments nothing from a fork, whose token could not", async () => {
    await mergesInto("main", withErin, tests);
    expect(await runSteps(true)).toBeUndefined();
    await expect(said("gh-said")).rejects.toThrow("ENOENT");
    expect(await said("summary")).toContain(change);
  });

  it("fails where the policy is not fine, and has told code scanning why", async () => {
    await mergesInto("main", example.replace("decision: allow", "decision: alow"), tests);
    expect(await runSteps(false)).toBe("Check");
    expect(await said("project/hallpass.sarif")).toContain("alow");
  });

  it("fails where a test fails, after the comment", async () => {
    await mergesInto("main", withErin, tests.replace("review by group:orders-leads", "allow"));
    expect(await runSteps(false)).toBe("Test");
    expect(await said("gh-said")).toContain("pr comment");
  });

  it("a first policy is no obstacle", async () => {
    await mergesInto("main", example, tests, false);
    expect(await runSteps(false)).toBeUndefined();
    expect(await said("temp/comment.md")).toContain("found none here");
  });
});

describeWithTools("on GitLab", () => {
  beforeEach(begin);
  afterEach(end);

  it("says what changes for whom in a comment, with the token that may", async () => {
    const base = await mergesInto("main", withErin, tests);
    const server = await api(201);
    const failed = await runScript(base, {
      HALLPASS_COMMENT_TOKEN: "glpat-token",
      CI_API_V4_URL: server.url,
    });
    expect(failed).toBe(false);
    expect(server.calls).toHaveLength(1);
    const [call] = server.calls;
    expect(call).toMatchObject({
      line: "POST /api/v4/projects/42/merge_requests/7/notes",
      token: "glpat-token",
    });
    expect(new URLSearchParams(call?.body).get("body")).toContain(change);
    await server.close();
  });

  it("posts nothing without a token, and passes", async () => {
    const base = await mergesInto("main", withErin, tests);
    expect(await runScript(base, {})).toBe(false);
  });

  it("fails where the comment is refused", async () => {
    const base = await mergesInto("main", withErin, tests);
    const server = await api(401);
    expect(await runScript(base, { HALLPASS_COMMENT_TOKEN: "glpat-old", CI_API_V4_URL: server.url })).toBe(
      true,
    );
    await server.close();
  });

  it("fails where a test fails", async () => {
    const base = await mergesInto("main", withErin, tests.replace("review by group:orders-leads", "allow"));
    expect(await runScript(base, {})).toBe(true);
  });

  /** Runs the job's lines in one shell, as the runner does; hands back whether it failed. */
  function runScript(base: string, variables: Readonly<Record<string, string>>): Promise<boolean> {
    return bash(gitLab.policy.script.join("\n"), {
      ...gitLab.policy.variables,
      ...atHome(),
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
      CI_MERGE_REQUEST_PROJECT_ID: "42",
      CI_MERGE_REQUEST_IID: "7",
      ...variables,
    });
  }
});

/** An empty project, and what its CI has. */
async function begin(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "hallpass-ci-"));
  project = join(folder, "project");
  env = {
    HOME: folder,
    TMPDIR: folder,
    PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
    GIT_CONFIG_NOSYSTEM: "1",
  };
  await isClone(join(folder, "upstream"));
  await command("npm", `pwd > "${join(folder, "npm-ran-in")}"`);
  await git(folder, "init", "--quiet", "--initial-branch", "main", project);
}

function end(): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/** Where the snippets leave a place for the reader's own. */
function atHome(): Record<string, string> {
  return { HALLPASS_REPOSITORY: `file://${join(folder, "upstream")}` };
}

/** Runs lines as CI does; hands back whether one failed. */
async function bash(lines: string, variables: Readonly<Record<string, string>>): Promise<boolean> {
  const options = { cwd: project, env: { ...env, ...variables }, stdio: "ignore" } as const;
  const child = spawn("bash", ["-e", "-o", "pipefail", "-c", lines], options);
  await once(child, "close");
  return child.exitCode !== 0;
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  const { stdout } = await run("git", [...identity, ...args], { cwd, env });
  return stdout.trim();
}

async function commit(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(project, name), content);
  await git(project, "add", "--all");
  await git(project, "commit", "--quiet", "--allow-empty", "--message", "Change");
}

/** The state of a checkout for a pull request: the merge of a branch; hands back where the branch began. */
async function mergesInto(branch: string, policy: string, tested: string, hasPolicy = true): Promise<string> {
  await commit(hasPolicy ? { "hallpass.yml": example } : {});
  const base = await git(project, "rev-parse", "HEAD");
  await git(project, "checkout", "--quiet", "-b", "change");
  await commit({ "hallpass.yml": policy, "hallpass.test.yml": tested });
  await git(project, "checkout", "--quiet", branch);
  await git(project, "merge", "--quiet", "--no-ff", "--message", "Merge", "change");
  return base;
}

/** What the snippets clone: a repository whose CLI is the one that was built here. */
async function isClone(place: string): Promise<void> {
  const built = new URL("../../dist/cli/hallpass.js", import.meta.url).href;
  await mkdir(join(place, "dist", "cli"), { recursive: true });
  await writeFile(join(place, "dist", "cli", "hallpass.js"), `import(${JSON.stringify(built)});\n`);
  await cp(fileURLToPath(new URL("../../package.json", import.meta.url)), join(place, "package.json"));
  await git(place, "init", "--quiet", "--initial-branch", "main");
  await git(place, "add", "--all");
  await git(place, "commit", "--quiet", "--message", "Hallpass");
}

/** A command of this name, found first. */
async function command(name: string, lines: string): Promise<void> {
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "bin", name), `#!/bin/sh\n${lines}\n`);
  await chmod(join(folder, "bin", name), 0o755);
}

async function said(file: string): Promise<string> {
  return (await readFile(join(folder, file), "utf8")).trim();
}

type Call = { readonly line: string; readonly token: string | undefined; readonly body: string };

/** A server that answers everything alike and remembers what it was asked. */
async function api(status: number) {
  const calls: Call[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url, headers } = request;
    const body = await text(request);
    calls.push({ line: `${method} ${url}`, token: headers["private-token"]?.toString(), body });
    response.writeHead(status).end("{}");
  };
  const server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a port has an address.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo;
  return {
    calls,
    url: `http://127.0.0.1:${port}/api/v4`,
    close: async (): Promise<void> => {
      server.close();
      await once(server, "close");
    },
  };
}
