import { wordPersonChange } from "../../src/slack/directory/person-change.ts";

const joined = { person: 5, other: 6, address: "gus@example.com", requests: [], via: "profile" };

test("who is told that two people are one is told how to see and to undo it", () => {
  const said = wordPersonChange({
    type: "person.joined",
    at: new Date(),
    actor: { kind: "hallpass" },
    data: joined,
  });
  expect(said).toBe(
    "👥 Person 5 and person 6 are the same person from now on, as both go by gus@example.com. If they are two people, run " +
      "`hallpass people show 5`, then `hallpass people split 5` with the accounts and addresses of one of them.",
  );
});
