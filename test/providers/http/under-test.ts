import { http } from "../../../src/providers/http/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { startProviderServer } from "../../support/provider-server.ts";
import { startSilentServer } from "../contract/silent-server.ts";
import type { Another, Lacks, ProviderUnderTest } from "../contract/under-test.ts";

type Target = Readonly<Record<string, string>>;

const fields = { public_key: { title: "SSH public key", matches: "^ssh-ed25519 " } };

const stranger = "nobody";
const knows = (subject: string): boolean => subject !== stranger;

export const lacks: Lacks = {
  openSession: "sessions are the endpoint's to end, and it shows none",
  tellsGiversApart: "an endpoint knows who holds something, and not who gave it",
  renameSubject: "an endpoint knows people by their names only",
  renameTarget: "an endpoint knows targets by their texts only",
  refused: "whom an endpoint must not give anything it says itself, as of a stranger",
  kept: "an endpoint cannot say it, so nothing that nobody gave is taken away there",
  conflicts: "a 409 is a refusal: an endpoint does its work before it answers",
};

/** An endpoint as docs/http-provider.md has it, which can be told to fail. */
export async function openHttp(): Promise<ProviderUnderTest<Target>> {
  const server = await startProviderServer(knows);
  server.handOver("a one-time password");
  const { url, token } = server;
  const unknownToken = "another-token-91cc";
  const lesserToken = server.tokenWithout(["list"]);
  const made = new Set<Provider<Target>>();
  const create = (
    options: { readonly url: string; readonly token: string } = { url, token },
  ): Provider<Target> => {
    const provider = http.create(options);
    made.add(provider);
    return provider;
  };
  let newcomers = 0;
  const echo = {
    kind: "status",
    status: 404,
    body: `{"error":"Bearer ${token} has no right here"}`,
  } as const;

  return {
    provider: create(),
    create: () => create(),
    subject: "alice",
    bystander: "bob",
    stranger,
    target: { team: "tools", level: "admin" },
    otherTarget: { team: "tools", level: "reader" },
    spellings: [" alice", "alice\t"],
    noNames: ["   ", "al\u200Bice", "ali\nce", "a".repeat(257)],
    secrets: [token, unknownToken, lesserToken],
    look: (subject, target) => Promise.resolve(server.holders(target).includes(subject)),
    async clear() {
      await server.heal();
      for (const { subject, target } of server.held()) server.drop(subject, target);
    },
    async otherSystem() {
      const other = await startProviderServer(knows);
      const provider = create({ url: other.url, token: other.token });
      return {
        provider,
        look: (subject, target) => Promise.resolve(other.holders(target).includes(subject)),
        close: async () => {
          await provider.close();
          await other.close();
        },
      };
    },
    input: {
      options: { url: server.url, token, input: fields },
      typed: { public_key: "ssh-ed25519 AAAAC3Nza alice" },
      unfit: [
        { public_key: "no key" },
        { public_key: "" },
        { public_key: `ssh-ed25519 ${"A".repeat(2_000)}` },
      ],
      hasArrived: (subject) =>
        server.log().findLast((entry) => entry.call === "grant" && entry.subject === subject)?.input?.[
          "public_key"
        ] === "ssh-ed25519 AAAAC3Nza alice",
    },
    opens: (said) => server.opens(said),
    unreachable: () => create({ url: "http://127.0.0.1:1", token }),
    async close() {
      await Promise.all([...made].map((provider) => provider.close()));
      await server.close();
    },

    silent: () => openSilent(token),
    use: (subject, target) => Promise.resolve(server.use(subject, target, new Date())),
    others: {
      give: (subject, target) => Promise.resolve(server.put(subject, target)),
      take: (subject, target) => Promise.resolve(server.drop(subject, target)),
    },
    newcomer() {
      newcomers += 1;
      const subject = `newcomer-${newcomers}`;
      return Promise.resolve({ subject, leave: () => Promise.resolve(server.leave(subject)) });
    },
    awkward: [
      { subject: "bob & co. <b@example.com>", target: { team: "a&b=c?d#e/../f", level: '100% "all"' } },
      { subject: `o'brien"; --`, target: { team: "größe 🚪", level: "+ +" } },
      { subject: "%2e%2e/%00", target: { team: "{}", level: "\\" } },
    ],
    withoutRights() {
      const lesser = (words: string) => ({ ...asAnother(create({ url, token: words })), lacks: words });
      return Promise.resolve([
        { ...lesser(unknownToken), words: /does not accept the provider's token \(401\)/u },
        { ...lesser(lesserToken), words: /the endpoint refused \(404\)/u },
      ]);
    },
    async restart() {
      await server.down();
      await server.heal();
    },
    async counted() {
      const own = await startProviderServer(knows);
      const provider = create({ url: own.url, token: own.token });
      return { provider, connections: () => Promise.resolve(own.connections()), close: () => own.close() };
    },
    limits: (seconds) =>
      server.fail({ kind: "status", status: 429, headers: { "retry-after": `${seconds}` } }, ["revoke"]),
    showsLater: (lists) => server.fail({ kind: "shows later", lists }, ["grant", "revoke"]),
    breaksOff: () => server.fail({ kind: "breaks off" }, ["list"]),
    hides: () => server.fail(echo, ["list"], Number.POSITIVE_INFINITY),
    ignores: () => server.fail({ kind: "answers 200 but does nothing" }, ["grant", "revoke"]),
  };
}

function asAnother(provider: Provider<Target>): Another<Target> {
  return { provider, close: () => provider.close() };
}

async function openSilent(token: string): Promise<Another<Target>> {
  const server = await startSilentServer();
  const provider = http.create({ url: `http://127.0.0.1:${server.port}`, token });
  return {
    provider,
    async close() {
      server.close();
      await provider.close();
    },
  };
}
