import { postgres } from "../../../src/providers/postgres/index.ts";
import { describeContract } from "../contract/contract.ts";
import { describeAsEach, versionHere } from "./roles.ts";
import { lacksOf, openPostgres } from "./under-test.ts";

describeAsEach((rights) => {
  describeContract(postgres, () => openPostgres(versionHere, rights), lacksOf(versionHere, rights));
});
