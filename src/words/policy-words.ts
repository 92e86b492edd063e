import type { FamilyWords } from "./told.ts";

export const policyWords = {
  "policy.loaded": { record: ({ data }) => `the policy ${data.hash.slice(0, 8)} is in force (${data.via})` },
  "policy.refused": {
    record: ({ data }) => `a policy was refused (${data.via}); ${data.inForce.slice(0, 8)} stays in force`,
  },
} satisfies FamilyWords<"policy">;
