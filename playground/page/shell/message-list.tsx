import { type ComponentChildren, Fragment, type JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { MessageCard } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { linesOf, repliesTo } from "../store/conversation.ts";
import { dayLabel } from "../store/when.ts";
import { Icon } from "./icons.tsx";
import { Message } from "./message.tsx";

/** Nearer to the end than this counts as at the end. */
const nearPx = 60;

/** Messages, oldest first; follows new ones for whoever is at the end, and only for them. */
export function MessageList({
  label,
  messages,
  all = messages,
  isThread = false,
  beginning,
}: {
  readonly label: string;
  readonly messages: readonly MessageCard[];
  /** Replies included, for the summaries of threads. */
  readonly all?: readonly MessageCard[];
  readonly isThread?: boolean;
  readonly beginning?: ComponentChildren;
}): JSX.Element {
  const { zone, now } = useLooking();
  const { scroller, isBehind, toEnd, onScroll } = useFollowing(messages.at(-1)?.ts);
  const count = messages.length - 1;
  return (
    <div class="messages">
      {/* Focusable, so that the arrow keys scroll it. */}
      <div
        class="messages-scroll"
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-live="polite"
        aria-label={label}
        tabIndex={0}
      >
        <div class="messages-inner">
          {beginning}
          {linesOf(messages, zone).map((line, index) =>
            line.kind === "day" ? (
              isThread ? null : (
                <Fragment key={line.key}>
                  <div class="day-line" />
                  <div class="day">
                    <span>{dayLabel(line.atMs, zone, now())}</span>
                  </div>
                </Fragment>
              )
            ) : (
              <Fragment key={line.key}>
                <Message
                  message={line.message}
                  isFollowing={line.isFollowing && !(isThread && index <= 2)}
                  replies={isThread ? undefined : repliesTo(all, line.message.ts)}
                />
                {isThread && index === 1 && count > 0 && (
                  <div class="reply-count">
                    <span>{count === 1 ? "1 reply" : `${count} replies`}</span>
                  </div>
                )}
              </Fragment>
            ),
          )}
        </div>
      </div>
      {isBehind && (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" size={14} /> New messages
        </button>
      )}
    </div>
  );
}

function useFollowing(last: string | undefined): {
  readonly scroller: { current: HTMLDivElement | null };
  readonly isBehind: boolean;
  readonly toEnd: () => void;
  readonly onScroll: () => void;
} {
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const seen = useRef(last);
  const [isBehind, setBehind] = useState(false);
  const toEnd = (): void => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
    isAtEnd.current = true;
    setBehind(false);
  };
  useLayoutEffect(() => {
    if (isAtEnd.current) toEnd();
    else if (seen.current !== last) setBehind(true);
    seen.current = last;
  });
  useEffect(() => {
    const inner = scroller.current?.firstElementChild;
    if (!inner || !scroller.current) return;
    // A message that grows, or a pane that shrinks, must not push the end out of sight.
    const observer = new ResizeObserver(() => isAtEnd.current && toEnd());
    observer.observe(inner);
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  const onScroll = (): void => {
    const box = scroller.current;
    if (!box) return;
    isAtEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < nearPx;
    if (isAtEnd.current) setBehind(false);
  };
  return { scroller, isBehind, toEnd, onScroll };
}
