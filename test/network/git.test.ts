import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nothingAtOdds, sinkOf } from "../audit/sinks/peer.ts";
import { type CompanyProxy, startCompanyProxy } from "../support/company-proxy.ts";
import { describeIf } from "../support/describe-if.ts";
import { isInstalled } from "../support/is-installed.ts";

describeIf(await isInstalled("git"), "it needs git")("the sink git", () => {
  let home: string;
  let proxy: CompanyProxy;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "hallpass-git-proxy-"));
    proxy = await startCompanyProxy({ credentials: "hallpass:c4n4ry", ports: { "git.corp.example": 1 } });
  });
  afterAll(async () => {
    delete process.env["HTTPS_PROXY"];
    await proxy.close();
    await rm(home, { recursive: true, force: true });
  });

  /** What becomes of it by way of this proxy; where it leads there is no git. */
  async function outcome(by: string): Promise<string> {
    process.env["HTTPS_PROXY"] = by;
    const { sink } = sinkOf({ type: "git", remote: "https://git.corp.example/audit.git" }, home);
    const facts = { sent: 0, head: 0, retired: 0, at: () => Promise.resolve(new Map()) };
    try {
      return String(await sink.reached?.(facts, AbortSignal.timeout(20_000), nothingAtOdds));
    } catch (error) {
      return String(error);
    } finally {
      await sink.close();
    }
  }

  it("goes by way of HTTPS_PROXY with its user and password", async () => {
    await outcome(proxy.fullUrl);
    expect(proxy.tunnels()).toContain("git.corp.example:443");
  });

  it("says that the proxy refuses, and not its password", async () => {
    const said = await outcome(proxy.fullUrl.replace("c4n4ry", "wr0ng-c4n4ry"));
    expect(proxy.log().at(-1)).toBe("CONNECT git.corp.example:443 407");
    expect(said).toContain("407");
    expect(said).not.toContain("c4n4ry");
  });
});
