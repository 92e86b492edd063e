import { describeIf } from "../../support/describe-if.ts";
import { end, openRoles, postgres15, type Roles } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describeIf(postgres15.url !== undefined, postgres15.missing)(
  "on PostgreSQL 15, where a membership is one row",
  () => {
    let roles: Roles;

    beforeAll(async () => {
      roles = await openRoles("15", "limited");
    });

    afterEach(() => roles.dropAll());

    afterAll(() => roles.close());

    test("what somebody else made theirs meanwhile stays, sessions end, and it is said", async () => {
      const [alice, target] = [await roles.person("alice"), await roles.target("target")];
      const { state } = await roles.provider.prepare(alice, { role: target });
      const { state: granted } = await roles.provider.grant(alice, { role: target }, until, state);
      expect(await roles.rows(alice, target)).toEqual([{ by: roles.hallpass }]);
      await roles.admin.query(`REVOKE ${target} FROM ${alice}; GRANT ${target} TO ${alice}`);
      const ended = end(await roles.connectAs(alice));
      const { keptBy } = await roles.provider.revoke(alice, { role: target }, granted);
      expect(keptBy).toEqual(["postgres gave it too"]);
      await ended;
      expect(await roles.rows(alice, target)).toEqual([{ by: "postgres" }]);
    });

    test("what somebody else gave between the look and the grant is theirs", async () => {
      const [alice, target] = [await roles.person("alice"), await roles.target("target")];
      const { state } = await roles.provider.prepare(alice, { role: target });
      await roles.admin.query(`GRANT ${target} TO ${alice}`);
      const { state: granted } = await roles.provider.grant(alice, { role: target }, until, state);
      expect(await roles.provider.revoke(alice, { role: target }, granted)).toEqual({
        keptBy: ["postgres gave it too"],
      });
      expect(await roles.rows(alice, target)).toEqual([{ by: "postgres" }]);
    });
  },
);
