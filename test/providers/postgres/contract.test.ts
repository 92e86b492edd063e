import { postgres } from "../../../src/providers/postgres/index.ts";
import { describeIf } from "../../support/describe-if.ts";
import { describeContract } from "../contract/contract.ts";
import { postgres15 } from "./roles.ts";
import { lacksOf, openPostgres } from "./under-test.ts";

for (const version of ["18", "15"] as const) {
  const isThere = version === "18" || postgres15.url !== undefined;
  for (const rights of ["superuser", "limited"] as const) {
    describeIf(isThere, postgres15.missing)(`on PostgreSQL ${version}, connected as a ${rights}`, () => {
      describeContract(postgres, () => openPostgres(version, rights), lacksOf(version, rights));
    });
  }
}
