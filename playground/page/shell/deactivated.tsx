import type { JSX } from "preact";
import { useLooking } from "../context.ts";

/** What Slack shows to somebody whose account is gone. */
export function Deactivated(): JSX.Element {
  const { screen } = useLooking();
  const who = screen.people.find(({ name }) => name === screen.as);
  return (
    <main class="deactivated" id="main" tabIndex={-1}>
      <div>
        <h2>This account was deactivated</h2>
        <p>
          {who?.realName ?? screen.as} is signed out of this workspace and can neither read nor ask for
          anything. Access that Hallpass had given ends with the account.
        </p>
        <p class="quiet">Choose somebody else above to go on.</p>
      </div>
    </main>
  );
}
