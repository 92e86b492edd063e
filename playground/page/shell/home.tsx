import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { objectsOf } from "../../../slack-simulator/json.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { useLooking } from "../context.ts";
import { findApp } from "../store/app-user.ts";
import { useDo } from "../store/do.ts";
import { usePage } from "../store/page.ts";
import { Avatar } from "./avatar.tsx";
import { Icon } from "./icons.tsx";

/** The app's own tab, as the app publishes it for this person. */
export function HomePane(): JSX.Element {
  const { screen } = useLooking();
  const { href } = usePage();
  const act = useDo();
  const bot = findApp(screen.users);
  const direct = screen.channels.find(({ kind, name }) => kind === "direct" && name === bot?.realName);
  useEffect(() => void act({ do: "open_home", as: screen.as }), [screen.as, act]);
  return (
    <main class="pane pane-main" id="main" tabIndex={-1}>
      <header class="pane-head">
        <a class="icon-button back" href={href(null)}>
          <Icon name="back" />
          <span class="unseen">Back to the channels</span>
        </a>
        <h2 data-box="pane" tabIndex={-1}>
          <Avatar name={bot?.name ?? "app"} realName={bot?.realName ?? "App"} isBot />
          <span class="pane-name">{bot?.realName ?? "App"}</span>
          <span class="app-badge">App</span>
        </h2>
        {direct !== undefined && (
          <a class="pane-link" href={href(direct.id)}>
            Messages
          </a>
        )}
      </header>
      <div class="home-scroll" tabIndex={0} role="region" aria-label="Home">
        {screen.home === null ? (
          <p class="empty">
            This app publishes no Home tab. What it has to say, it says in channels and direct messages.
          </p>
        ) : (
          <div class="home">
            <Blocks
              blocks={objectsOf(screen.home.definition["blocks"])}
              place={{ kind: "view", viewId: screen.home.id }}
              values={screen.home.values}
              errors={screen.home.errors}
            />
          </div>
        )}
      </div>
    </main>
  );
}
