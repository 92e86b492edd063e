import type { JSX } from "preact";

const paths = {
  hash: "M6.5 2.5 5 13.5M11 2.5 9.5 13.5M2.5 6h11M2 10h11",
  lock: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2M3.5 7h9v6.5h-9z",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  send: "M2.5 8 2 2.5 14 8 2 13.5 2.5 8zm0 0H8",
  close: "m3.5 3.5 9 9m0-9-9 9",
  back: "M9.5 3 4.5 8l5 5",
  chevron: "m4 6 4 4 4-4",
  reply: "M2.5 3h11v8H7l-3 2.5V11H2.5z",
  tick: "m3 8.5 3.2 3.2L13 5",
  file: "M4 1.5h5L12.5 5v9.5h-8.5zM9 1.5V5h3.5",
  shared:
    "M6 9.5 10 6.5M5.2 7.2 3.4 9a2.5 2.5 0 0 0 3.6 3.6l1.8-1.8M10.8 8.8 12.6 7A2.5 2.5 0 0 0 9 3.4L7.2 5.2",
  orders:
    "M3 4c0-1 2.2-1.8 5-1.8S13 3 13 4s-2.2 1.8-5 1.8S3 5 3 4zm0 0v8c0 1 2.2 1.8 5 1.8s5-.8 5-1.8V4M3 8c0 1 2.2 1.8 5 1.8S13 9 13 8",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6",
  inspector: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zm3.6-1.4L14 14",
  faults: "M8 2 1.8 13.5h12.4zM8 6.5v3.2m0 1.8v.2",
  out: "M3 13 13 3M6 3h7v7",
  in: "M13 3 3 13m7 0H3V6",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1m8 8 1 1M13 3l-1 1m-8 8-1 1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  screen: "M2 3h12v8H2zM6 14h4M8 11v3",
  people:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zm-4.500 5.500c0-2.500 2-4 4.500-4s4.500 1.500 4.500 4M11 3.200a2.500 2.500 0 0 1 0 4.600M12.500 9.800c1.300.6 2 1.900 2 3.700",
  down: "M8 3v10m-4.500-4.500L8 13l4.500-4.500",
} as const;

export type IconName = keyof typeof paths;

/** A line drawing in the colour of the text; what it means is said beside it. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
