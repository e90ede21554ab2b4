// Draws the overview: a lane of load for each region, hits and marks over the whole trace, and the frame of the view.
// Loads and hits are written on whole pixels, since bars whose edges share a pixel would show as stripes.
import { cssFromTrace, type TimeWindow } from "../base/geom.ts";
import { bitsOf, type CanvasTheme } from "../render/palette.ts";
import type { Renderer } from "../render/renderer.ts";
import { label } from "./draw.ts";

export const OVERVIEW_PX = 52;
const TICKS_PX = 6;
const MIN_TICK_PX = 2;
const MIN_LABEL_PX = 11;

export interface Load {
  label: string;
  /** Share of each bucket in which the busiest track had work. */
  share: Float64Array;
}

export interface OverviewScene {
  width: number;
  bounds: TimeWindow;
  view: TimeWindow;
  loads: readonly Load[];
  ticks: readonly number[];
  marks: readonly { start: number; end: number | null }[];
  dragged: TimeWindow | null;
  theme: CanvasTheme;
}

export function drawOverview(renderer: Renderer, scene: OverviewScene): void {
  const { width, bounds, theme } = scene;
  const laneHeight = (OVERVIEW_PX - TICKS_PX) / Math.max(1, scene.loads.length);
  const topOf = (lane: number) => TICKS_PX + lane * laneHeight;
  scene.loads.forEach(({ label: name, share }, lane) => {
    const bits = bitsOf(/GPU/.test(name) ? theme.classes[1]! : theme.classes[8]!);
    const band = renderer.band(topOf(lane), width, laneHeight, "fine");
    const perBucket = (width * band.density) / share.length;
    share.forEach((value, i) => {
      const lines = Math.round(value * (laneHeight - 3) * band.density);
      // Work that is too little for a line is work all the same.
      const shown = value > 0 ? Math.max(1, lines) : 0;
      band.fill(Math.round(i * perBucket), Math.round((i + 1) * perBucket), band.lines - shown, band.lines, bits);
    });
  });
  const band = renderer.band(0, width, TICKS_PX - 1, "flat");
  const perTick = (width * band.density) / Math.max(1, scene.ticks.length);
  scene.ticks.forEach((count, i) => {
    if (count === 0) return;
    const left = Math.min(Math.round(i * perTick), Math.round(width * band.density) - MIN_TICK_PX);
    band.fill(left, Math.max(left + MIN_TICK_PX, Math.round((i + 1) * perTick)), 0, 1, bitsOf(theme.hit));
  });
  renderer.paintBands();
  scene.loads.forEach((_, lane) => renderer.fillRect(0, topOf(lane + 1) - 0.5, width, 0.5, theme.rowLine));
  for (const mark of scene.marks)
    renderer.fillRect(cssFromTrace(bounds, width, mark.start), 0, 2, OVERVIEW_PX, theme.mark);
  const left = cssFromTrace(bounds, width, scene.view.start);
  const right = cssFromTrace(bounds, width, scene.view.end);
  renderer.alpha(0.72, () => {
    renderer.fillRect(0, 0, left, OVERVIEW_PX, theme.background);
    renderer.fillRect(right, 0, width - right, OVERVIEW_PX, theme.background);
  });
  if (laneHeight >= MIN_LABEL_PX)
    scene.loads.forEach((load, lane) => {
      label(renderer, theme, 5, topOf(lane) + laneHeight / 2, load.label, theme.text);
    });
  renderer.strokeRect(left + 0.5, 0.5, Math.max(2, right - left - 1), OVERVIEW_PX - 1, theme.faintText, 1);
  renderer.fillRect(left - 1, OVERVIEW_PX / 2 - 8, 3, 16, theme.faintText);
  renderer.fillRect(right - 2, OVERVIEW_PX / 2 - 8, 3, 16, theme.faintText);
  if (scene.dragged !== null) {
    const from = cssFromTrace(bounds, width, scene.dragged.start);
    const to = cssFromTrace(bounds, width, scene.dragged.end);
    renderer.fillRect(from, 0, to - from, OVERVIEW_PX, theme.selectionFill);
  }
}
