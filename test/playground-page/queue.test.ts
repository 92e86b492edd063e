import { afterAll as afterAllDeeds, inTurn, latestInTurn } from "../../playground/page/queue.ts";

/** A job that writes down when it was done, and takes a moment so that others could overtake it. */
function recorder(): { readonly did: string[]; readonly job: (name: string) => () => Promise<string> } {
  const did: string[] = [];
  return {
    did,
    job: (name) => async () => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      did.push(name);
      return name;
    },
  };
}

test("a form goes after the last that was typed, and only the newest text is sent", async () => {
  const { did, job } = recorder();
  const first = inTurn(job("open"));
  void latestInTurn("reason", job("w"));
  void latestInTurn("reason", job("wh"));
  void latestInTurn("role", job("read"));
  void latestInTurn("reason", job("why"));
  await Promise.all([first, inTurn(job("submit"))]);
  expect(did).toEqual(["open", "why", "read", "submit"]);
});

test("what is typed after a form was sent does not slip in before it", async () => {
  const { did, job } = recorder();
  void latestInTurn("reason", job("before"));
  const submitted = inTurn(job("submit"));
  await Promise.all([submitted, latestInTurn("reason", job("after"))]);
  expect(did).toEqual(["before", "submit", "after"]);
});

test("a deed that fails does not hold up the next, and tells whoever did it", async () => {
  const { did, job } = recorder();
  const failed = inTurn(() => Promise.reject(new Error("gone")));
  const next = inTurn(job("next"));
  await expect(failed).rejects.toThrow("gone");
  await next;
  expect(did).toEqual(["next"]);
});

test("a button waits for what was typed, and nothing waits for the button", async () => {
  const { did, job } = recorder();
  void latestInTurn("reason", job("typed"));
  const pressed = afterAllDeeds(() =>
    new Promise<void>((resolve) => setTimeout(resolve, 30)).then(job("pressed")),
  );
  await inTurn(job("next"));
  await pressed;
  expect(did).toEqual(["typed", "next", "pressed"]);
});
