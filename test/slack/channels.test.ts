import { z } from "zod";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const Ready = z.object({ ready: z.boolean(), degraded: z.array(z.string()).default([]) });

async function readiness(): Promise<z.infer<typeof Ready>> {
  world.hallpass.look();
  const answer = await fetch(`http://127.0.0.1:${world.hallpass.opsPort}/readyz`);
  const said = Ready.parse(await answer.json());
  // The world's policy names a role that is not there.
  return { ...said, degraded: said.degraded.filter((each) => !each.startsWith("provider ")) };
}

/** What is degraded once that says so of each of these, and of nothing else. */
function degraded(...parts: readonly string[]): Promise<unknown> {
  return world.slack.until(
    async () => {
      const now = (await readiness()).degraded;
      return now.length === parts.length && parts.every((part) => now.some((each) => each.includes(part)));
    },
    `what is degraded to be: ${parts.join(", ") || "nothing"}`,
  );
}

it("a channel of the policy that takes no messages is known before somebody needs it, and until it is mended", async () => {
  const { calls, channels, faults, until } = world.slack;
  expect(await readiness()).toEqual({ ready: true, degraded: [] });
  channels.archive("#orders-approvals");
  await degraded("#orders-approvals");
  await channels.share("#access-alerts");
  await degraded("#orders-approvals", "#access-alerts is shared with another company");

  // Slack tells nothing of channels now: what was seen last still stands.
  faults.failNext("conversations.list", "internal_error", Infinity);
  faults.failNext("conversations.info", "internal_error", Infinity);
  channels.unarchive("#orders-approvals");
  // Which of the two it asks first depends on what it still remembers of a channel.
  const asked = (): number => calls("conversations.list").length + calls("conversations.info").length;
  const before = asked();
  await until(async () => (await readiness()).ready && asked() > before + 1, "Slack to be asked twice");
  await degraded("#orders-approvals", "#access-alerts");
  faults.clear();
  await degraded("#access-alerts");
  await channels.unshare("#access-alerts");
  await degraded();
  expect((await readiness()).ready).toBe(true);
});
