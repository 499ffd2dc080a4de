/** Draws the newest results of each scenario that were kept with `--save` into `docs/performance`: `node bench/plots.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { svgOf } from "./plots/bars.ts";
import { charts } from "./plots/charts.ts";
import { newestOf } from "./plots/saved.ts";

const folder = join(import.meta.dirname, "../docs/performance");

for (const { file, scenarios, draw } of charts) {
  const saved = scenarios.flatMap((scenario) => newestOf(scenario) ?? []);
  if (saved.length < scenarios.length) {
    console.error(`${file}.svg is not drawn: keep ${scenarios.map((name) => `pnpm bench ${name} --save`).join(", ")}`);
    continue;
  }
  mkdirSync(folder, { recursive: true });
  const svg = svgOf(draw(saved));
  writeFileSync(join(folder, `${file}.svg`), `${svg}\n`);
  console.error(`${file}.svg: ${(svg.length / 1_024).toFixed(1)} KiB`);
}
