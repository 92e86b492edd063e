import { groupOf, normalEmail } from "./schema.ts";

/**
 * From principals to everybody they stand for: distinct e-mail addresses, sorted. A thousand rules name the same few
 * approvers, so each list is made once and shared.
 */
export function approverLists(
  membersOf: (group: string) => Iterable<string>,
): (principals: readonly string[]) => readonly string[] {
  const lists = new Map<string, readonly string[]>();
  return (principals) => {
    const key = principals.join("\n");
    const known = lists.get(key);
    if (known) return known;
    const people = principals.flatMap((principal) => {
      const group = groupOf(principal);
      return group === undefined ? [principal] : [...membersOf(group)];
    });
    const list = [...new Set(people.map(normalEmail))].toSorted();
    lists.set(key, list);
    return list;
  };
}
