import type { JSX } from "preact";
import type { FaultName } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { faultWords } from "../panels/fault-words.ts";
import { usePage } from "../store/page.ts";
import { useDo } from "../store/do.ts";
import { Icon } from "./icons.tsx";

/** What is wrong right now, whether by accident or because somebody switched it on. */
export function Banners({ isLost }: { readonly isLost: boolean }): JSX.Element {
  const { screen } = useLooking();
  const { showTool } = usePage();
  const act = useDo();
  const on = faultNames.filter((fault) => screen.faults[fault]);
  return (
    <div class="banners" role="status">
      {isLost && (
        <p class="banner banner-bad">
          <Icon name="faults" />
          <span>
            The playground has stopped. Start it again: <code>npm run playground</code>
          </span>
        </p>
      )}
      {!isLost && !screen.isConnected && (
        <p class="banner">
          <Icon name="faults" />
          <span>Hallpass is not connected to Slack. What you do now, it does not hear.</span>
        </p>
      )}
      {on.length > 0 && (
        <p class="banner">
          <Icon name="faults" />
          <span>
            <b>Faults are on:</b> {on.map((fault) => faultWords[fault].title).join(", ")}.
            <button type="button" class="link" onClick={() => showTool("faults")}>
              See them
            </button>
            <button
              type="button"
              class="link"
              onClick={() => {
                for (const fault of on) void act({ do: "switch_fault", fault, on: false });
              }}
            >
              Turn {on.length === 1 ? "it" : "all"} off
            </button>
          </span>
        </p>
      )}
    </div>
  );
}

const faultNames: readonly FaultName[] = ["slow", "down", "rate_limited", "duplicates", "provider_down"];
