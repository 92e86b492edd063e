import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isAlive } from "../../src/persistence/embedded/lock.ts";
import { readRecord } from "../../src/persistence/embedded/server.ts";

const root = join(import.meta.dirname, "../..");

type Played = {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves with the page's address; fails with all output when it ends before. */
  readonly url: () => Promise<string>;
  readonly ended: Promise<number | null>;
};

describe("npm run playground", () => {
  const folder = mkdtempSync(join(tmpdir(), "hallpass-playground-"));
  // Under root its PostgreSQL runs as another user, who must be able to get here.
  chmodSync(folder, 0o755);
  const dataDir = join(folder, "data");
  const started: Played[] = [];

  afterAll(async () => {
    for (const { child, ended } of started) {
      child.kill("SIGKILL");
      await ended;
    }
    for (const name of readdirSync(folder)) {
      const pid = await serverPid(join(folder, name));
      if (pid !== undefined) process.kill(pid, "SIGQUIT");
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  function play(...args: readonly string[]): Played {
    const script = ["--import", "./test/support/run-typescript.js", "playground/main.ts"];
    const child = spawn(process.execPath, [...script, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    const url = new Promise<string>((resolve) => {
      const note = (chunk: Buffer): void => {
        text += String(chunk);
        const found = /Open (\S+)/.exec(text)?.[1];
        if (found !== undefined && text.includes("Ctrl-C ends it")) resolve(found);
      };
      child.stdout.on("data", note);
      child.stderr.on("data", note);
    });
    const ended = once(child, "close").then(() => child.exitCode);
    const failed = ended.then((code) => {
      throw new Error(`It ended with ${code} before the page was there:\n${text}`);
    });
    failed.catch(() => undefined);
    const played = { child, output: () => text, url: () => Promise.race([url, failed]), ended };
    started.push(played);
    return played;
  }

  /** Of the PostgreSQL that runs on a data folder. */
  async function serverPid(at: string): Promise<number | undefined> {
    const record = await readRecord(join(at, "postgres/data"));
    return record && isAlive(record.pid) ? record.pid : undefined;
  }

  /** PostgreSQL is silent, so that an orderly end would take for ever; whoever insists does not wait for it. */
  async function endInAHurry({ child, ended }: Played, server: number): Promise<void> {
    const children = readFileSync(`/proc/${server}/task/${server}/children`, "utf8").trim().split(" ");
    const all = [server, ...children.map(Number)];
    for (const pid of all) process.kill(pid, "SIGSTOP");
    let code: number | null | undefined;
    while (code === undefined) {
      child.kill("SIGINT");
      code = await Promise.race([ended, sleep(100, undefined)]);
    }
    expect(code).toBe(1);
    for (const pid of all) process.kill(pid, "SIGCONT");
    while ((await serverPid(dataDir)) !== undefined) await sleep(20);
  }

  async function endInOrder({ child, ended }: Played): Promise<void> {
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  }

  async function refusal(...args: readonly string[]): Promise<string> {
    const { ended, output } = play(...args);
    expect(await ended).toBe(1);
    expect(output()).not.toMatch(/^\s+at /m);
    return output();
  }

  it("an option it does not know, a port that is none: usage", async () => {
    const [unknown, port] = await Promise.all([refusal("--frsh"), refusal("--port", "http")]);
    expect(unknown).toMatch(/--frsh[^]*--fresh {2,}begin anew/);
    expect(port).toMatch(/--port expects a whole number from 0 to 65535, got “http”[^]*--port N/);
  });

  it("a policy that is wrong, missing or lacks a secret: said as a check says it, before anything is started", async () => {
    const policies = join(folder, "policies");
    mkdirSync(policies);
    const at = join(policies, "wrong.yml");
    writeFileSync(at, "version: 1\nsettings: { chanel: '#access' }\n");
    const lacking = join(policies, "lacking.yml");
    const provider = '{ type: postgres, url: "${NO_SUCH_DATABASE_URL}" }';
    writeFileSync(
      lacking,
      `version: 1\nsettings: { channel: "#access" }\nproviders: { shop: ${provider} }\n`,
    );
    const data = join(folder, "wrong");
    const [wrong, none, unset, empty] = await Promise.all([
      refusal("--data", data, "--policy", at),
      refusal("--data", data, "--policy", join(policies, "none.yml")),
      refusal("--data", data, "--policy", lacking),
      refusal("--data", data, "--policy", ""),
    ]);
    expect(wrong).toMatch(/wrong\.yml:2:13: .*chanel/);
    expect(none).toContain("none.yml");
    expect(unset).toContain(`NO_SUCH_DATABASE_URL is missing: ${lacking} refers to it`);
    expect(empty).toContain("--policy expects a file or a folder, got nothing.");
    expect(existsSync(data)).toBe(false);
  });

  it("a folder that no playground made is left alone, above all with --fresh", async () => {
    const other = join(folder, "other");
    mkdirSync(other);
    writeFileSync(join(other, "thesis.txt"), "years of work");
    expect(await refusal("--data", other, "--fresh")).toContain("holds things that no playground made");
    expect(readdirSync(other)).toEqual(["thesis.txt"]);
    expect(await refusal("--data", join(other, "thesis.txt"))).toContain("can't be used as the data folder");
  });

  it("a port that is taken: said before anything is started, and the folder is let go", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = z.object({ port: z.number() }).parse(holder.address());
    const at = join(folder, "taken");
    try {
      expect(await refusal("--data", at, "--port", String(port))).toContain(
        `Port ${port} is taken by another process: end that, or choose another port: npm run playground -- --port `,
      );
    } finally {
      holder.close();
    }
    expect(readdirSync(at)).toEqual(["PLAYGROUND.txt"]);
  });

  it("runs; a second one on its folder says where it is; Ctrl-C ends it and leaves no process", async () => {
    const first = play("--data", dataDir, "--port", "0");
    const url = await first.url();
    expect(first.output()).toContain("PLAYGROUND: nothing in here is safe");
    expect((await fetch(url)).status).toBeGreaterThan(0);
    const pid = await serverPid(dataDir);
    expect(pid).toBeDefined();

    const said = await refusal("--data", dataDir, "--port", "0", "--fresh");
    expect(said).toContain(`A playground already runs here: ${url} (process ${first.child.pid}).`);
    expect(await serverPid(dataDir)).toBe(pid);
    expect((await fetch(url)).status).toBeGreaterThan(0);

    first.child.kill("SIGINT");
    // The terminal's, and npm's own at once.
    first.child.kill("SIGINT");
    expect(await first.ended).toBe(0);
    expect(await serverPid(dataDir)).toBeUndefined();
    await expect(fetch(url)).rejects.toThrow("fetch failed");
    expect(existsSync(join(dataDir, "slack.json"))).toBe(true);
  }, 60_000);

  it("after kill -9 what was left is thrown away with --fresh", async () => {
    const killed = play("--data", dataDir, "--port", "0");
    await killed.url();
    killed.child.kill("SIGKILL");
    await killed.ended;
    const left = await serverPid(dataDir);
    expect(left).toBeDefined();
    writeFileSync(join(dataDir, "slack.json"), "broken");
    expect(await refusal("--data", dataDir, "--port", "0")).toMatch(/slack\.json is not as [^]*--fresh/);

    const password = readFileSync(join(dataDir, "postgres/password"), "utf8");
    const anew = play("--data", dataDir, "--port", "0", "--fresh");
    await anew.url();
    const own = await serverPid(dataDir);
    expect(own).toBeDefined();
    expect(own).not.toBe(left);
    expect(readFileSync(join(dataDir, "postgres/password"), "utf8")).not.toBe(password);
    await (process.platform === "linux" ? endInAHurry(anew, own ?? 0) : endInOrder(anew));
    expect(await serverPid(dataDir)).toBeUndefined();
  }, 60_000);
});
