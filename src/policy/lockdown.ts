/** A person or resource that gets no access, and keeps none, until an admin lifts it. */
export type Lockdown = {
  readonly reason: string;
  /** The address by which the person was locked down, or the name of the resource. */
  readonly value: string;
} & ({ readonly kind: "person"; readonly person: number } | { readonly kind: "resource" });

/** Whether a person is locked down, whatever they are called now. */
export function isLockedDown(
  lockdowns: readonly Lockdown[],
  person: { readonly id?: number | undefined },
): boolean {
  return lockdowns.some((lockdown) => lockdown.kind === "person" && lockdown.person === person.id);
}
