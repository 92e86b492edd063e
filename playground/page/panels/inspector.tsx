import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { InspectorEntry } from "../../protocol.ts";
import type { Json } from "../../../slack-simulator/json.ts";
import { useLooking } from "../context.ts";
import { Icon } from "../shell/icons.tsx";
import { filtered, withEntry } from "../store/inspector.ts";
import { timeWithSeconds } from "../store/when.ts";

/** What Hallpass and Slack say to each other, newest first. */
export function InspectorPanel(): JSX.Element {
  const entries = useEntries();
  const [text, setText] = useState("");
  const [isProblemsOnly, setProblemsOnly] = useState(false);
  const shown = useMemo(() => filtered(entries, text, isProblemsOnly), [entries, text, isProblemsOnly]);
  return (
    <div class="tool-body inspector">
      <div class="inspector-filter">
        <input
          type="search"
          aria-label="Filter"
          placeholder="Filter: chat.postMessage, alice …"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <label>
          <input
            type="checkbox"
            checked={isProblemsOnly}
            onChange={(event) => setProblemsOnly(event.currentTarget.checked)}
          />
          Problems only
        </label>
      </div>
      {shown.length === 0 && (
        <p class="quiet">{entries.length === 0 ? "Nothing was said yet." : "Nothing like that was said."}</p>
      )}
      <ol class="entries" role="list">
        {shown.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
    </div>
  );
}

function Entry({ entry }: { readonly entry: InspectorEntry }): JSX.Element {
  const { zone } = useLooking();
  const [isOpen, setOpen] = useState(false);
  const isCall = entry.kind === "call";
  const isFine = /^(ok|ack|2\d\d)\b/i.test(entry.status);
  return (
    <li class={entry.problem === null ? "wire" : "wire has-problem"}>
      <button type="button" class="wire-head" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span
          class={isCall ? "direction is-call" : "direction"}
          title={isCall ? "Hallpass to Slack" : "Slack to Hallpass"}
        >
          <Icon name={isCall ? "out" : "in"} size={13} />
          <span class="unseen">{isCall ? "Call to Slack:" : "Delivery to Hallpass:"}</span>
        </span>
        <span class="wire-name">{entry.name}</span>
        <span class={isFine ? "wire-status" : "wire-status is-bad"}>{entry.status}</span>
        <span class="wire-ms">{Math.round(entry.ms)} ms</span>
        {entry.problem !== null && <span class="wire-problem">{entry.problem}</span>}
      </button>
      {isOpen && (
        <div class="wire-body">
          <p class="quiet">{timeWithSeconds(entry.at, zone)}</p>
          <JsonView title={isCall ? "Request" : "Payload"} value={entry.request} />
          <JsonView title={isCall ? "Response" : "Answer"} value={entry.response} />
        </div>
      )}
    </li>
  );
}

function JsonView({ title, value }: { readonly title: string; readonly value: Json }): JSX.Element {
  const { say } = useLooking();
  const [isCopied, setCopied] = useState(false);
  const text = JSON.stringify(value, null, 2) ?? "nothing";
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => say("The browser did not let the page copy that."),
    );
  };
  return (
    <details class="json" open={text.length < 600}>
      <summary>{title}</summary>
      <button type="button" class="link" onClick={copy}>
        {isCopied ? "Copied" : "Copy"}
        <span class="unseen"> {title}</span>
      </button>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}

/** Listens only while somebody looks. */
function useEntries(): readonly InspectorEntry[] {
  const [entries, setEntries] = useState<readonly InspectorEntry[]>([]);
  useEffect(() => {
    const source = new EventSource("/api/inspector");
    source.addEventListener("entry", (event: MessageEvent<string>) => {
      const entry: InspectorEntry = JSON.parse(event.data);
      setEntries((before) => withEntry(before, entry));
    });
    return () => source.close();
  }, []);
  return entries;
}
