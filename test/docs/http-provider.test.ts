import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { http } from "../../src/providers/http/index.ts";
import { providerTypes } from "../../src/providers/registry.ts";
import { describeIf } from "../support/describe-if.ts";
import { isInstalled } from "../support/is-installed.ts";
import { type ProviderServer, startProviderServer } from "../support/provider-server.ts";
import { type Block, blocksOf, readPage } from "./markdown.ts";

const run = promisify(execFile);
const target = { team: "tools", level: "admin" };
let server: ProviderServer;
let blocks: readonly Block[];

beforeAll(async () => {
  server = await startProviderServer();
  blocks = blocksOf(await readPage("http-provider.md"));
});
afterAll(() => server.close());

const block = (language: string): string => blocks.find((one) => one.language === language)?.text ?? "";

test("the page's policy is fine as far as it goes", () => {
  const text = `version: 1\nsettings: { channel: "#access" }\n${block("yaml")}`;
  const loaded = parsePolicy([{ name: "hallpass.yml", text }], { providerTypes });
  expect(loaded).toMatchObject({ ok: true });
});

test("the page's fields are asked for, and its handover is taken", async () => {
  const [, fields] = blocks.filter(({ language }) => language === "yaml");
  const text = `version: 1\nsettings: { channel: "#access" }\n${fields?.text}`;
  const loaded = parsePolicy([{ name: "hallpass.yml", text }], { providerTypes });
  const input = loaded.ok ? loaded.policy.providers.get("deploy-hosts")?.input : undefined;
  expect(input?.fields.map(({ title }) => title)).toEqual(["SSH public key"]);
  expect(input?.read({ public_key: "ssh-ed25519 AAAA alice" })).toMatchObject({ ok: true });

  const [, , handover] = blocks.filter(({ language }) => language === "json");
  const answers: Readonly<Record<string, string | undefined>> = {
    "GET /": '{"id":"tool-eu-1"}',
    "PUT /grants": handover?.text,
  };
  const listed = JSON.stringify({ grants: [{ subject: "alice", target }] });
  const endpoint = createServer((request, response) => {
    response.end(answers[`${request.method} ${request.url}`] ?? listed);
  }).listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const address = endpoint.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const provider = http.create({ url, token: "t" });
  expect(await provider.grant("alice", target, new Date(), { system: "tool-eu-1" })).toMatchObject({
    handover: { title: "a one-time password", text: "correct-horse-battery" },
  });
  await provider.close();
  endpoint.close();
});

test("the page's list that refuses is taken for a refusal, in its words", async () => {
  const [, refusing] = blocks.filter(({ language }) => language === "json");
  const endpoint = createServer((request, response) => {
    response.end(request.url === "/" ? '{"id":"tool-eu-1"}' : refusing?.text);
  }).listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const address = endpoint.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const provider = http.create({ url, token: "t" });
  await expect(provider.prepare("alice", target)).rejects.toThrow(
    "the endpoint refuses: nobody here is called alice",
  );
  await provider.close();
  endpoint.close();
});

describeIf(await isInstalled("bash", "curl"), "it needs bash and curl")("the page's curl commands", () => {
  test("give, list and take access, as the page says", async () => {
    const [give = "", list = "", take = ""] = block("sh").split("\n\n");
    const env = { ...process.env, TOOL_URL: server.url, TOOL_TOKEN: server.token };
    const shell = async (command: string): Promise<string> =>
      (await run("bash", ["-euc", command], { env })).stdout;
    await shell(give);
    expect(server.holders(target)).toEqual(["alice"]);
    expect(server.held()[0]?.until).toBe("2030-01-01T12:00:00.000Z");
    const listed: unknown = JSON.parse(await shell(list));
    expect(listed).toMatchObject(JSON.parse(block("json")));
    await shell(take);
    expect(server.holders(target)).toEqual([]);
  });
});
