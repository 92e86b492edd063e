import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SinkRecord } from "../../../src/audit/sinks/sink.ts";
import { describeIf } from "../../support/describe-if.ts";
import { isInstalled } from "../../support/is-installed.ts";
import { makeCertificate } from "./certificate.ts";
import { nothingAtOdds, sinkOf, until } from "./peer.ts";

/** Debian has it in a package of its own. */
async function hasDriver(): Promise<boolean> {
  const folders = await readdir("/usr/lib").catch(() => []);
  const looks = folders.map((folder) => access(join("/usr/lib", folder, "rsyslog/lmnsd_ossl.so")));
  return (await Promise.allSettled(looks)).some(({ status }) => status === "fulfilled");
}

const describeWithRsyslog = describeIf(
  (await isInstalled("rsyslogd", "openssl")) && (await hasDriver()),
  "it needs rsyslogd with rsyslog-openssl, and openssl",
);

describeWithRsyslog("rsyslog", () => {
  let home: string;
  let server: ChildProcess | undefined;
  let said = "";
  const at = (name: string): string => join(home, name);

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "hallpass-rsyslog-"));
    await makeCertificate(home);
    await writeFile(
      at("rsyslog.conf"),
      `global(workDirectory="${home}" maxMessageSize="64k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="${at("cert.pem")}" defaultNetstreamDriverCertFile="${at("cert.pem")}"
  defaultNetstreamDriverKeyFile="${at("key.pem")}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="${at("port")}"
  streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="raw" type="string" string="%rawmsg%\\n")
action(type="omfile" file="${at("received")}" template="raw")
`,
    );
  });
  afterEach(() => stop());
  afterAll(() => rm(home, { recursive: true, force: true }));

  /** Where it listens. */
  async function start(): Promise<string> {
    await rm(at("port"), { force: true });
    const child = spawn("rsyslogd", ["-n", "-f", at("rsyslog.conf"), "-i", at("pid")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    server = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    const port = (): Promise<string> => readFile(at("port"), "utf8").catch(() => "");
    await until(async () => (await port()) !== "" || child.exitCode !== null, "rsyslogd to listen");
    if (child.exitCode !== null) throw new Error(`rsyslogd ended with ${child.exitCode}: ${said}`);
    return `tls://localhost:${(await port()).trim()}`;
  }

  async function stop(): Promise<void> {
    const ended = server?.exitCode === null && once(server, "exit");
    server?.kill("SIGTERM");
    await ended;
  }

  async function received(): Promise<readonly { readonly head: string; readonly json: string }[]> {
    const text = await readFile(at("received"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [head = "", json = ""] = line.split(" \uFEFF");
        return { head, json };
      });
  }

  const hostile = `a "quote" ] \\ , \u2028, 💣, <14>, %m and two\nlines`;
  const records: readonly SinkRecord[] = Array.from({ length: 410 }, (_, index) => ({
    kind: "event",
    sequence: index + 1,
    hash: (index + 1).toString(16).padStart(64, "0"),
    seq: index + 1,
    at: "2026-11-30T23:59:00.000Z",
    type: "request.created",
    request: null,
    actor: "alice@example.com",
    rule: null,
    data: { reason: `${hostile} ${"x".repeat(index === 7 ? 20_000 : 0)}` },
  }));

  it("keeps each record whole, once and in order, batch by batch and after it was restarted", async () => {
    const signal = AbortSignal.timeout(20_000);
    const ca = at("cert.pem");
    const { sink } = sinkOf({ type: "syslog", url: await start(), ca });
    await sink.deliver(records.slice(0, 400), signal, nothingAtOdds);
    await sink.deliver(records.slice(400, 405), signal, nothingAtOdds);
    await stop();
    await expect(sink.deliver(records.slice(405), signal, nothingAtOdds)).rejects.toThrow("can't be reached");
    const again = sinkOf({ type: "syslog", url: await start(), ca });
    await again.sink.deliver(records.slice(405), signal, nothingAtOdds);
    await until(async () => (await received()).length >= 410, "all to be written");
    const lines = await received();
    expect(lines.map(({ json }) => JSON.parse(json) as unknown)).toEqual(records);
    expect(lines[0]?.head).toMatch(
      /^<110>1 2026-11-30T23:59:00\.000Z \S+ hallpass - request\.created \[hallpass@32473 kind="event" sequence="1" hash="0{63}1"\]$/,
    );
  });

  it("is sent nothing when nobody trusts its certificate", async () => {
    const before = (await received()).length;
    const { sink } = sinkOf({ type: "syslog", url: await start() });
    await expect(
      sink.deliver(records.slice(0, 1), AbortSignal.timeout(10_000), nothingAtOdds),
    ).rejects.toThrow(/self-signed/);
    expect((await received()).length).toBe(before);
  });
});
