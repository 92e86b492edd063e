import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { openSite, type Site } from "../support/site.ts";

describe("a start that cannot work ends at once with exit code 1 and says what to do", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site?.close());

  /** What is said on standard error, which must be all there is. */
  async function failure(env: Readonly<Record<string, string>>): Promise<string> {
    const run = await site.start(env);
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.output()).toBe(run.errors());
    expect(run.output()).not.toMatch(/^\s+at /m);
    return run.errors();
  }

  it("no tokens: both are named, each with where to get it", async () => {
    const said = await failure({ SLACK_BOT_TOKEN: "", SLACK_APP_TOKEN: "" });
    expect(said).toContain("SLACK_BOT_TOKEN is missing: install the app from manifest.yml");
    expect(said).toContain("SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both missing");
    expect(said.split("\n")).toHaveLength(3);
  });

  it("a policy that is missing, or has a typo: the place, and the key that was meant", async () => {
    const typo = join(site.directory, "typo.yml");
    await writeFile(typo, "version: 1\nsettings:\n  chanel: '#access-requests'\n");
    const [missing, mistaken] = await Promise.all([
      failure({ HALLPASS_CONFIG: "nowhere.yml" }),
      failure({ HALLPASS_CONFIG: "typo.yml" }),
    ]);
    expect(missing).toContain("nowhere.yml");
    expect(missing.split("\n")).toHaveLength(1);
    expect(mistaken).toMatch(/^typo\.yml:3:3: .*"?channel"?/m);
  });

  it("a secret the policy refers to, a port that is taken: each is named", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = z.object({ port: z.number() }).parse(holder.address());
    try {
      const [secret, taken] = await Promise.all([
        failure({ ORDERS_DATABASE_URL: "" }),
        failure({ PORT: String(port) }),
      ]);
      expect(secret).toContain(
        "ORDERS_DATABASE_URL is missing: hallpass.yml refers to it as ${ORDERS_DATABASE_URL}",
      );
      expect(taken).toBe(
        `Hallpass can't listen on 127.0.0.1:${port}: it is taken by another process; end that, or set PORT to another port.`,
      );
    } finally {
      holder.close();
    }
  });
});

describe("a token Slack refuses", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ transport: "http" });
  });
  afterAll(() => site?.close());

  it("the bot's: said with its name; Hallpass stays, and is ready once Slack accepts it", async () => {
    const { slack } = site;
    slack.faults.revokeToken("invalid_auth");
    // Written without its final slash here, and with it everywhere else.
    const run = await site.start({ SLACK_API_URL: slack.apiUrl.replace(/\/$/, "") });
    await run.says("Slack refuses the token (invalid_auth): check SLACK_BOT_TOKEN,");
    const answer = await run.ops("/readyz");
    expect(answer.status).toBe(503);
    expect(answer.body).toContain("SLACK_BOT_TOKEN");
    expect((await slack.as("alice").types("/request-access orders-db read 1h too early")).status).toBe(503);
    slack.faults.clear();
    await run.ready();
    expect((await run.ops("/readyz")).status).toBe(200);
    expect((await slack.as("alice").types("/request-access orders-db read 1h in time")).status).toBe(200);
    await run.stop();
  });

  it("the app's: said with its name, and nothing is ready", async () => {
    const run = await site.start({ SLACK_APP_TOKEN: "xapp-1-of-another-app", SLACK_SIGNING_SECRET: "" });
    await run.says("Slack refuses the token (invalid_auth): check SLACK_APP_TOKEN,");
    expect((await run.ops("/readyz")).body).toContain("SLACK_APP_TOKEN");
    expect(run.output()).not.toContain("of-another-app");
    await run.stop();
  });
});
