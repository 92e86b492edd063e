/** Whoever or whatever gets no access, and keeps none, until an admin lifts it. */
export type Lockdown = {
  readonly kind: "person" | "resource";
  /** An e-mail address, or the name of a resource. */
  readonly value: string;
  readonly reason: string;
};
