import type { Inspector } from "./inspector.ts";
import { screenOf, userOnStage, type ScreenDeps } from "./screens.ts";
import { coalesced, type Stream } from "./streams.ts";

/** Sends a person's screen, at once and whenever it differs from what was sent last. */
export function streamScreens(deps: ScreenDeps, name: string, stream: Stream): void {
  const { stage, pulse } = deps;
  let sent = "";

  function send(): void {
    const me = userOnStage(stage, name);
    // A slow listener gets the newest screen when it can take one, not all that have been.
    if (me === undefined || !stream.isReady()) return;
    const json = JSON.stringify(screenOf(deps, me));
    if (json === sent) return;
    sent = json;
    stream.send("screen", json);
  }

  const { soon, stop } = coalesced(send);
  const unsubscribe = stage.slack.workspace.onChange(({ kind }) => {
    if (kind !== "call" && kind !== "delivery" && kind !== "problem") soon();
  });
  const silence = pulse.onBeat(soon);
  stream.onDrain(soon);
  stream.onClose(() => {
    unsubscribe();
    silence();
    stop();
  });
  send();
  void pulse.refresh();
}

/** Sends the last calls and deliveries, then each new or amended one. */
export function streamEntries(inspector: Inspector, stream: Stream): void {
  stream.onClose(inspector.follow((entry) => stream.send("entry", JSON.stringify(entry))));
}
