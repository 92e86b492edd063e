import type { JSX, TargetedKeyboardEvent } from "preact";
import { useCallback, useRef } from "preact/hooks";
import { useLooking } from "../context.ts";
import { Icon } from "../shell/icons.tsx";
import { useEscape } from "../store/escape.ts";
import { isDrawer, type Tool, tools, usePage } from "../store/page.ts";
import { ClockPanel } from "./clock.tsx";
import { FaultsPanel } from "./faults.tsx";
import { InspectorPanel } from "./inspector.tsx";
import { OrdersPanel } from "./orders.tsx";

const words: Readonly<Record<Tool, { readonly long: string; readonly short: string }>> = {
  orders: { long: "Orders database", short: "Database" },
  clock: { long: "Clock", short: "Clock" },
  inspector: { long: "Inspector", short: "Inspector" },
  faults: { long: "Faults", short: "Faults" },
};

/** What no Slack has: the guarded database, the clock, the wire, and what can go wrong. */
export function Tools(): JSX.Element {
  const { screen } = useLooking();
  const { tool, showTool } = usePage();
  const tabs = useRef<HTMLDivElement>(null);
  const close = useCallback(() => {
    showTool(tool.tab, false);
    tabs.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }, [showTool, tool.tab]);
  useEscape(
    useCallback(() => {
      // Beside the chat it is a part of the page; only over the chat it is something to get rid of.
      if (!tool.isOpen || !isDrawer()) return false;
      close();
      return true;
    }, [tool.isOpen, close]),
  );
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = tools[(tools.indexOf(tool.tab) + step + tools.length) % tools.length] ?? "orders";
    showTool(next, tool.isOpen);
    tabs.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  const isFaulty = Object.values(screen.faults).some(Boolean);
  return (
    <aside class={tool.isOpen ? "tools is-open" : "tools"} aria-label="Playground tools">
      <div class="tool-tabs" role="tablist" aria-label="Playground tools" ref={tabs} onKeyDown={onKeyDown}>
        {tools.map((one) => (
          <button
            key={one}
            type="button"
            role="tab"
            id={`tab-${one}`}
            class={one === "faults" && isFaulty ? "tool-tab is-faulty" : "tool-tab"}
            aria-selected={tool.isOpen && tool.tab === one}
            aria-controls={tool.isOpen ? "tool" : undefined}
            tabIndex={tool.tab === one ? 0 : -1}
            onClick={() => showTool(one, !(tool.isOpen && tool.tab === one))}
          >
            <Icon name={one} size={20} />
            <span>{words[one].short}</span>
          </button>
        ))}
      </div>
      {tool.isOpen && (
        <section class="tool" role="tabpanel" id="tool" aria-labelledby={`tab-${tool.tab}`}>
          <header class="tool-head">
            <h2>{words[tool.tab].long}</h2>
            <button type="button" class="icon-button" onClick={close}>
              <Icon name="close" />
              <span class="unseen">Close {words[tool.tab].long}</span>
            </button>
          </header>
          <Panel tab={tool.tab} />
        </section>
      )}
    </aside>
  );
}

function Panel({ tab }: { readonly tab: Tool }): JSX.Element {
  switch (tab) {
    case "orders":
      return <OrdersPanel />;
    case "clock":
      return <ClockPanel />;
    case "inspector":
      return <InspectorPanel />;
    case "faults":
      return <FaultsPanel />;
  }
}
