import { init } from "echarts";

/** Bars that lie, one group for each category, from the top. */
export type Bars = {
  readonly title: string;
  /** Below the title: what was measured, when, and where. */
  readonly about: string;
  /** What the values are, with their unit. */
  readonly axis: string;
  readonly scale: "linear" | "log";
  readonly categories: readonly string[];
  readonly series: readonly Series[];
};

/** `null` where there is no value. `colours` are of each value, where not all of a series have the same. */
export type Series = {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly colours?: readonly string[];
};

/** They can be told apart by those who see few colours, and stand out on white. */
export const palette = { blue: "#0072b2", orange: "#d55e00", green: "#009e73", grey: "#999999" } as const;

const width = 860;
const frame = { top: 64, right: 90, bottom: 52 };
const legendHeight = 24;
/** Of a category's name, whose width nothing here can measure. */
const characterWidth = 7.5;
const barHeight = 18;
const groupGap = 14;
const text = { color: "#222222", fontFamily: "Helvetica, Arial, sans-serif" };

/** An SVG on white, so that it is read alike on dark pages. */
export function svgOf({ title, about, axis, scale, categories, series }: Bars): string {
  const hasLegend = series.length > 1;
  const bottom = frame.bottom + (hasLegend ? legendHeight : 0);
  const height = frame.top + bottom + categories.length * (series.length * barHeight + groupGap);
  const left = 20 + characterWidth * Math.max(...categories.map(({ length }) => length));
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: [palette.blue, palette.orange, palette.green],
    textStyle: text,
    title: {
      text: title,
      subtext: about,
      left: 12,
      top: 8,
      textStyle: { ...text, fontSize: 16 },
      subtextStyle: { ...text, fontSize: 11 },
    },
    ...(hasLegend ? { legend: { bottom: 4, textStyle: text } } : {}),
    grid: { ...frame, bottom, left, outerBoundsMode: "none" },
    xAxis: {
      type: scale === "log" ? "log" : "value",
      name: axis,
      nameLocation: "middle",
      nameGap: 28,
      nameTextStyle: text,
      axisLabel: { ...text, formatter: shown },
      splitLine: { lineStyle: { color: "#dddddd" } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: [...categories],
      axisLabel: { ...text, fontSize: 12 },
      axisTick: { show: false },
    },
    series: series.map(({ name, values, colours }) => ({
      name,
      type: "bar" as const,
      barWidth: barHeight - 3,
      data: values.map((value, index) => {
        const colour = colours?.[index];
        return { value: value ?? "-", ...(colour === undefined ? {} : { itemStyle: { color: colour } }) };
      }),
      label: {
        ...text,
        show: true,
        position: "right" as const,
        formatter: ({ value }: { readonly value?: unknown }) => (typeof value === "number" ? shown(value) : ""),
      },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function shown(value: number): string {
  const digits = value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString("en-US", digits);
}
