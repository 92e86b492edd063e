import type { JSX } from "preact";
import type { GuideStep } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { isFlag, useKept } from "../store/kept.ts";
import { usePage } from "../store/page.ts";
import { Icon } from "./icons.tsx";

/** The first minute: five steps, ticked off by what really happened, each with a button that does the preparing. */
export function Guide(): JSX.Element | null {
  const { screen } = useLooking();
  const [isOpen, setOpen] = useKept("guide-open", isFlag, true);
  const { guide } = screen;
  const done = guide.filter(({ isDone }) => isDone).length;
  const next = guide.find(({ isDone }) => !isDone);
  if (guide.length === 0) return null;
  return (
    <section class={isOpen ? "guide is-open" : "guide"} aria-labelledby="guide-title">
      <div class="guide-head">
        <h2 id="guide-title">Your first minute</h2>
        <p class="guide-count">
          {next === undefined ? "All done. Now try the faults." : `${done} of ${guide.length} done`}
        </p>
        <button
          type="button"
          class="icon-button guide-fold"
          aria-expanded={isOpen}
          aria-controls="guide-steps"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="chevron" />
          <span class="unseen">{isOpen ? "Hide the steps" : "Show the steps"}</span>
        </button>
      </div>
      <ol id="guide-steps" role="list" hidden={!isOpen}>
        {guide.map((step, index) => (
          <Step key={step.id} step={step} number={index + 1} isNext={step === next} />
        ))}
      </ol>
    </section>
  );
}

function Step({
  step,
  number,
  isNext,
}: {
  readonly step: GuideStep;
  readonly number: number;
  readonly isNext: boolean;
}): JSX.Element {
  const { screen } = useLooking();
  const { prepare } = usePage();
  const kind = step.isDone ? "is-done" : isNext ? "is-next" : "";
  return (
    <li class={`step ${kind}`} aria-current={isNext ? "step" : undefined}>
      <span class="step-mark">
        {step.isDone ? <Icon name="tick" size={14} /> : number}
        <span class="unseen">{step.isDone ? " Done:" : "."}</span>
      </span>
      <div class="step-body">
        <p>{step.text}</p>
        <button type="button" class={isNext ? "button primary" : "link"} onClick={() => prepare(step)}>
          {offerWords(step, screen.as, firstNameOf(screen.people, step.as))}
        </button>
      </div>
    </li>
  );
}

function offerWords(step: GuideStep, me: string, firstName: string): string {
  const what = {
    command: "fill it in",
    sql: "put the query in",
    channel: "look there",
    clock: "open the clock",
  }[step.offer.kind];
  if (step.offer.kind === "clock" || step.as === me) return what.charAt(0).toUpperCase() + what.slice(1);
  return `Be ${firstName} and ${what}`;
}

function firstNameOf(
  people: readonly { readonly name: string; readonly realName: string }[],
  name: string,
): string {
  return people.find((person) => person.name === name)?.realName.split(" ")[0] ?? name;
}
