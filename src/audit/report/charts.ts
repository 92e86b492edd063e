import { scaleBand, scaleLinear } from "d3-scale";
import { stack } from "d3-shape";
import { type Markup, markup } from "./markup.ts";

/** A bar chart; each bar is a stack of one or more parts. */
export type Chart = {
  /** Its id within the page. */
  readonly id: string;
  readonly title: string;
  /** What it shows, for people who cannot see it. */
  readonly description: string;
  readonly unit: string;
  readonly series: readonly { readonly name: string; readonly tone: Tone }[];
  /** `values`: one for each series. */
  readonly bars: readonly { readonly label: string; readonly values: readonly number[] }[];
};

/** The name of a colour in the page's style, which differs in dark mode. */
export type Tone = "good" | "bad" | "warn" | "calm" | "faint" | "strong";

const size = { width: 720, height: 260, left: 44, right: 8, top: 12, bottom: 34 };

/** Draws the chart as SVG, with a legend if it has more than one series. */
export function drawChart(chart: Chart): Markup {
  const { id, title, description, series, bars, unit } = chart;
  const x = scaleBand(bars.keys(), [size.left, size.width - size.right]).padding(
    bars.length > 60 ? 0.1 : 0.25,
  );
  const most = Math.max(1, ...bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
  const y = scaleLinear([0, most], [size.height - size.bottom, size.top]).nice(4);
  const layers = stack<number[], number>()
    .keys(series.keys())
    .value((values, index) => values[index] ?? 0)(bars.map(({ values }) => [...values]));
  const parts = layers.flatMap((layer, index) => {
    const tone = series[index]?.tone ?? "calm";
    return layer.flatMap(([low, high], bar) => {
      if (high === low) return [];
      const label = `${bars[bar]?.label ?? ""}: ${high - low} ${series[index]?.name ?? ""}`;
      return [
        markup`<rect class="tone-${tone}" x="${round(x(bar) ?? 0)}" y="${round(y(high))}" width="${round(x.bandwidth())}" height="${round(y(low) - y(high))}"><title>${label}</title></rect>`,
      ];
    });
  });
  const ticks = y
    .ticks(4)
    .filter(Number.isInteger)
    .map(
      (tick) =>
        markup`<line class="rule" x1="${size.left}" x2="${size.width - size.right}" y1="${round(y(tick))}" y2="${round(y(tick))}"/><text x="${size.left - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${tick.toLocaleString("en")}</text>`,
    );
  // As many labels as fit side by side.
  const every = Math.max(1, Math.ceil(bars.length / 10));
  const labels = bars.flatMap(({ label }, bar) =>
    bar % every === 0
      ? [
          markup`<text x="${round((x(bar) ?? 0) + x.bandwidth() / 2)}" y="${size.height - 12}" text-anchor="middle">${label}</text>`,
        ]
      : [],
  );
  return markup`<figure>
<figcaption>${title} <span class="unit">${unit}</span></figcaption>
<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${size.width} ${size.height}">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${description}</desc>
<g aria-hidden="true">
${ticks}
${parts}
${labels}
</g>
</svg>
${series.length > 1 ? legend(series) : markup``}
</figure>`;
}

function legend(series: Chart["series"]): Markup {
  return markup`<ul class="legend">${series.map(
    ({ name, tone }) =>
      markup`<li><svg aria-hidden="true" viewBox="0 0 12 12"><rect class="tone-${tone}" width="12" height="12" rx="2"/></svg>${name}</li>`,
  )}</ul>`;
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}
