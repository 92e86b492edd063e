import { accessSection, peopleSection, standingSection } from "./access-sections.ts";
import type { Figures } from "./figures.ts";
import { requestSection, ruleSection, waitSection } from "./request-sections.ts";
import type { Section } from "./section.ts";
import {
  anomalySection,
  breakGlassSection,
  chainSection,
  driftSection,
  overdueSection,
  refusedSection,
} from "./watch-sections.ts";

/** Returns all sections of the report, in reading order. */
export function sectionsOf(figures: Figures): readonly Section[] {
  return [
    requestSection(figures),
    waitSection(figures),
    accessSection(figures),
    standingSection(figures),
    peopleSection(figures),
    ruleSection(figures),
    breakGlassSection(figures),
    overdueSection(figures),
    refusedSection(figures),
    anomalySection(figures),
    driftSection(figures),
    chainSection(figures),
  ];
}
