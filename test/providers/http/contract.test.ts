import { http } from "../../../src/providers/http/index.ts";
import { describeContract } from "../contract/contract.ts";
import { lacks, openHttp } from "./under-test.ts";

describeContract(http, openHttp, lacks);
