import type { Deed, Done } from "../../protocol.ts";

/** Does something on the server. Never throws: what goes wrong on the way is a `why` too. */
export async function post(deed: Deed): Promise<Done> {
  try {
    const response = await fetch("/api/do", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(deed),
    });
    const done: unknown = await response.json();
    if (isDone(done)) return done;
    return {
      ok: false,
      why: `The playground answered ${response.status} and nothing this page understands.`,
    };
  } catch {
    return {
      ok: false,
      why: "The playground did not answer. Is it still running? Start it again: npm run playground",
    };
  }
}

function isDone(value: unknown): value is Done {
  if (typeof value !== "object" || value === null || !("ok" in value)) return false;
  return value.ok === true || (value.ok === false && "why" in value && typeof value.why === "string");
}
