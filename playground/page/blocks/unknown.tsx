import type { JSX } from "preact";

/** Said in the place of what this page cannot draw, so that nobody takes a gap for a message without one. */
export function Unknown({ what }: { readonly what: string }): JSX.Element {
  return (
    <div class="bk-unknown" role="note">
      This playground cannot show a {what}.
    </div>
  );
}
