import { ask, threadSays } from "../support/ask.ts";
import { type CompanyProxy, startCompanyProxy } from "../support/company-proxy.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";

/** No DNS knows it: what gets to Slack went by way of the proxy. */
const host = "slack.corp.example";

describe.each(["http", "socket"] as const)(
  "Hallpass in a network that lets nothing out but by a proxy (%s)",
  (transport) => {
    let site: Site;
    let proxy: CompanyProxy;
    let run: Run;

    beforeAll(async () => {
      site = await openSite({ transport });
      const port = Number(new URL(site.slack.apiUrl).port);
      proxy = await startCompanyProxy({ credentials: "hallpass:c4n4ry/of@ours", ports: { [host]: port } });
    });
    afterAll(async () => {
      await site?.close();
      await proxy?.close();
    });

    /** Where Slack has Hallpass connect to in Socket Mode. */
    const socketTunnels = (): readonly string[] =>
      proxy.tunnels().filter((target) => target === new URL(site.slack.apiUrl).host);

    it("says what is wrong while the proxy refuses it, without the password, and is ready once it does not", async () => {
      proxy.behave(407);
      run = await site.start({ SLACK_API_URL: `http://${host}/api/`, HTTP_PROXY: proxy.fullUrl });
      const words = `the proxy ${proxy.url} refuses (407): check the user and password in HTTP_PROXY`;
      await run.says(words);
      expect((await run.ops("/readyz")).body).toContain(words);
      proxy.behave("well");
      await run.ready();
      const wanted = transport === "socket" ? 2 : 0;
      await site.slack.until(
        () => site.slack.sockets.connected() === wanted,
        "the connections there are to be",
      );
      expect(socketTunnels()).toHaveLength(wanted);
      expect(run.output()).not.toContain("c4n4ry");
    });

    it("files a request, posts its card, and grants what was approved", async () => {
      const message = await ask(site, "alice", "orders-db read 1h by way of the proxy");
      await site.slack.as("bob").presses(message, "Approve");
      await threadSays(site, message, "Granted to");
    });

    it("uploads a file", async () => {
      const { slack } = site;
      expect(await slack.as("dana").types("/access-audit export")).toMatchObject({ outcome: "acked" });
      const file = await slack.until(() => slack.files().at(-1), "the export");
      expect(file.content).toContain("request.created");
      await run.stop();
      expect(proxy.tunnels()).toContain(`${host}:80`);
      expect(run.output()).not.toContain("c4n4ry");
    });
  },
);
