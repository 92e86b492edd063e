import { template } from "./index.ts";
import { describeContract } from "../contract/contract.ts";
import { lacks, openTemplate } from "./under-test.ts";

describeContract(template, openTemplate, lacks);
