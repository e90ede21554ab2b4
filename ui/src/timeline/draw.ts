// Draws the timeline into a Renderer: pure functions from a scene to calls.
// What comes from the server is already folded to pixels, so a frame costs as much as it has pixels whatever the trace
// holds; columns of an older zoom are drawn scaled until newer ones arrive. Boxes of few pixels go into bands.
import type { FlowArrow } from "../api/types.ts";
import {
  firstEndingAfter,
  FLAG_INSTANT,
  FLAG_NEVER_ENDED,
  lastNotAfter,
  type CounterColumns,
  type SliceColumns,
  type TrackColumns,
} from "../api/viewport_frame.ts";
import { formatNanosShort, formatTick, formatValue } from "../base/format.ts";
import { cssFromTrace, spanOf, tickStep, type TimeWindow } from "../base/geom.ts";
import { type CounterMode, scaleFor, seenRange, shownColumns, unitOf } from "../logic/counter_mode.ts";
import type { Row, RowTrack } from "../logic/rows.ts";
import type { Mark } from "../logic/url_state.ts";
import { bitsOf, blockBits, blockColor, type CanvasTheme, withAlpha } from "../render/palette.ts";
import type { Band, Renderer } from "../render/renderer.ts";

export interface Scene {
  window: TimeWindow;
  width: number;
  theme: CanvasTheme;
  columnsOf: (trackId: number) => TrackColumns | undefined;
  /** The text of a name, or undefined until it is known. */
  nameOf: (id: number) => string | undefined;
  selectedSlice: number | null;
  hoveredHash: number | null;
  hoveredSlice: number | null;
  /** Null when no filter hides anything; else whether a name is to be seen. */
  isNameShown: ((name: string | undefined) => boolean) | null;
  modeOf: (key: string) => Pick<CounterMode, "shows" | "scale">;
  /** The counter under the mouse, and the time there. */
  pointer: { trackId: number; nanos: number } | null;
}

/** Below this width a block has no room for a letter and its ellipsis. */
const MIN_TEXT_PX = 22;
/** Up to this width a block has no gap to its neighbour. */
const THIN_PX = 3;
/** Up to this width a block is written into the band of its row, on whole pixels of the screen. */
const BAND_PX = 8;
export const MERGED_ALPHA = 0.58;
const SUMMARY_ALPHA = 0.5;
const HIDDEN_ALPHA = 0.1;

/** The longest beginning that fits, with an ellipsis; empty when not even one letter does. */
export function fitText(renderer: Renderer, text: string, width: number): string {
  if (renderer.measure(text) <= width) return text;
  let low = 0;
  let high = Math.min(text.length, Math.ceil(width / 2));
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (renderer.measure(`${text.slice(0, middle)}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${text.slice(0, low)}…`;
}

/** What a name that has no room says first: the return type of a kernel tells nothing. */
const shortened = (name: string): string => name.replace(/^void /, "");

function drawBody(
  renderer: Renderer,
  theme: CanvasTheme,
  columns: SliceColumns,
  i: number,
  x: number,
  width: number,
  y: number,
  height: number,
): void {
  const color = blockColor(theme, columns.class[i]!, columns.nameHash[i]!);
  if ((columns.flags[i]! & FLAG_INSTANT) !== 0 && columns.count[i] === 1) {
    const middle = y + height / 2;
    const points = [
      [x - 4, y] as const,
      [x + 3, middle] as const,
      [x - 4, y + height] as const,
      [x - 1, middle] as const,
    ];
    renderer.polygon(points, color);
    return;
  }
  // A hair of background between neighbours, as soon as there is room for one.
  renderer.fillRect(x, y, width > THIN_PX ? width - 0.75 : width, height, color);
  if ((columns.flags[i]! & FLAG_NEVER_ENDED) !== 0 && width > 12) {
    // An open end is torn, so that nobody takes the trace's end for the slice's.
    const right = x + width - 0.75;
    for (let at = 0; at < height; at += 4) {
      renderer.polygon(
        [
          [right, y + at],
          [right - 3, y + at + 2],
          [right, y + at + 4],
        ],
        theme.background,
      );
    }
  }
}

function drawName(
  renderer: Renderer,
  scene: Scene,
  columns: SliceColumns,
  i: number,
  x: number,
  width: number,
  y: number,
  height: number,
): void {
  if (width < MIN_TEXT_PX || height < 12) return;
  // The text stays in view while its block reaches out of it on the left.
  const left = Math.max(x, 0) + 4;
  const room = Math.min(x + width, scene.width) - left - 4;
  const name = room > 12 ? scene.nameOf(columns.name[i]!) : undefined;
  if (name === undefined) return;
  const isMerged = columns.count[i]! > 1;
  const whole = isMerged ? `${name} +${columns.count[i]! - 1}` : name;
  const text = fitText(renderer, renderer.measure(whole) > room ? shortened(whole) : whole, room);
  const color = isMerged ? scene.theme.onMerged : scene.theme.onBlock;
  if (text !== "") renderer.text(left, y + height / 2 + 0.5, text, color);
}

/** Calls `draw`, with less than full opacity where that is wanted. */
function withOpacity(renderer: Renderer, opacity: number, draw: () => void): void {
  if (opacity < 1) renderer.alpha(opacity, draw);
  else draw();
}

function drawSlices(
  renderer: Renderer,
  scene: Scene,
  columns: SliceColumns,
  y0: number,
  depthPx: number,
  depths: number,
  alpha: number,
): void {
  const { window, width } = scene;
  const pxPerNano = width / spanOf(window);
  const height = depthPx > 6 ? depthPx - 1 : Math.max(1, depthPx - 0.5);
  for (let depth = 0; depth < Math.min(depths, columns.depthFirst.length - 1); depth++) {
    const y = y0 + depth * depthPx;
    const to = columns.depthFirst[depth + 1]!;
    let drawnUpTo = -1;
    let band: Band | null = null;
    for (let i = firstEndingAfter(columns, columns.depthFirst[depth]!, to, window.start); i < to; i++) {
      const exact = (columns.ts[i]! - window.start) * pxPerNano;
      if (exact > width) break;
      const exactRight = exact + columns.dur[i]! * pxPerNano;
      // What is thinner than a pixel fills the pixel it is in.
      const x = exactRight - exact < 1 ? Math.floor(exact) : exact;
      const right = exactRight - exact < 1 ? x + 1 : exactRight;
      const slice = columns.slice[i]!;
      const isSpecial = slice === scene.selectedSlice || slice === scene.hoveredSlice;
      // Zoomed out of fetched detail, many blocks share a pixel: one of them is enough until the new ones come.
      if (right <= drawnUpTo && !isSpecial) continue;
      const free = drawnUpTo;
      drawnUpTo = Math.max(drawnUpTo, right);
      const left = Math.max(x, -4);
      const shown = Math.min(right, width + 4) - left;
      const isHidden = scene.isNameShown !== null && !scene.isNameShown(scene.nameOf(columns.name[i]!));
      const merged = columns.count[i]! > 1 ? MERGED_ALPHA : 1;
      const opacity = alpha * merged * (isHidden ? HIDDEN_ALPHA : 1);
      const isMarked = isSpecial || (scene.hoveredHash !== null && columns.nameHash[i] === scene.hoveredHash);
      if (right - x <= BAND_PX && !isMarked && columns.flags[i] === 0) {
        band ??= renderer.band(y, width, height, "flat");
        const { density } = band;
        const from = Math.round(Math.max(x, free) * density);
        const until = Math.round(right * density);
        const gap = right - x > THIN_PX && until - from > 1 ? 1 : 0;
        const bits = blockBits(scene.theme, columns.class[i]!, columns.nameHash[i]!);
        band.fill(from, Math.max(from + 1, until) - gap, 0, 1, withAlpha(bits, opacity));
        continue;
      }
      withOpacity(renderer, opacity, () => drawBody(renderer, scene.theme, columns, i, left, shown, y, height));
      // The body of a merged block is pale; its name is to be read all the same.
      withOpacity(renderer, isHidden ? HIDDEN_ALPHA : 1, () =>
        drawName(renderer, scene, columns, i, left, shown, y, height),
      );
      if (slice === scene.selectedSlice) renderer.strokeRect(left, y, shown - 0.5, height, scene.theme.selection, 2);
      else if (slice === scene.hoveredSlice)
        renderer.strokeRect(left + 0.5, y + 0.5, shown - 1, height - 1, scene.theme.hover, 1);
      else if (scene.hoveredHash !== null && columns.nameHash[i] === scene.hoveredHash && shown > 2) {
        renderer.fillRect(left, y + height - 2, shown - 0.75, 2, scene.theme.hover);
      }
    }
  }
}

/** Height of a line of text with what is around it. */
const LABEL_PX = 16;

/** How much the ground of a label hides of what is beneath it. */
export const LABEL_ALPHA = 0.78;

/** Text that stays readable over whatever is beneath it. */
export function label(renderer: Renderer, theme: CanvasTheme, x: number, y: number, text: string, color: string): void {
  const width = renderer.measure(text);
  renderer.alpha(LABEL_ALPHA, () => renderer.fillRect(x - 2, y - 7, width + 4, 14, theme.background));
  renderer.text(x, y, text, color);
}

/** A counter as steps, with the ends of its scale at the left and the value at the mouse. */
function drawCounter(
  renderer: Renderer,
  scene: Scene,
  row: Row,
  place: RowTrack,
  own: CounterColumns,
  y0: number,
): void {
  const { window, width, theme } = scene;
  const mode = scene.modeOf(row.node.key);
  const columns = shownColumns(own, mode);
  const unit = unitOf(place.track.unit, mode);
  const scale = scaleFor(seenRange(columns, window), mode);
  const height = place.height - 4;
  const yOf = (value: number) => y0 + 2 + height - scale.shareOf(value) * height;
  const base = yOf(Math.max(scale.low, Math.min(scale.high, 0)));
  const { ts } = columns;
  const xOf = (i: number) => Math.max(0, Math.round(cssFromTrace(window, width, ts[i]!)));
  const first = Math.max(0, lastNotAfter(ts, window.start));
  if (first >= ts.length || ts[first]! > window.end) return;
  const [fillBits, lineBits] = [bitsOf(theme.counterFill), bitsOf(theme.counterLine)];
  let band: Band | null = null;
  // Upright boxes only: a path of thousands of corners takes longer to fill than a frame may last.
  let held: number | null = null;
  for (let i = first; i < ts.length && ts[i]! <= window.end;) {
    const x = xOf(i);
    let [low, high] = [held ?? columns.last[i]!, held ?? columns.last[i]!];
    for (; i < ts.length && ts[i]! <= window.end && xOf(i) === x; i++) {
      low = Math.min(low, columns.min[i]!);
      high = Math.max(high, columns.max[i]!);
      held = columns.last[i]!;
    }
    const right = i < ts.length ? Math.min(width, Math.round(cssFromTrace(window, width, ts[i]!))) : width;
    const y = yOf(held!);
    if (right - x <= THIN_PX) {
      band ??= renderer.band(y0, width, place.height, "fine");
      const { density } = band;
      const line = (at: number) => Math.round((at - y0) * density);
      const until = right * density;
      band.fill(x * density, until, line(Math.min(y, base)), line(Math.max(y, base)), fillBits);
      if (high === low || right - x > 1)
        band.fill(x * density, until, line(y - 0.5), line(y - 0.5) + Math.round(density), lineBits);
      if (high > low) band.fill(x * density, (x + 1) * density, line(yOf(high)), line(yOf(low)), lineBits);
      continue;
    }
    renderer.fillRect(x, Math.min(y, base), right - x, Math.abs(base - y), theme.counterFill);
    // What several values of a pixel reached, and the step from the value before.
    if (high > low) renderer.fillRect(x, yOf(high), 1, yOf(low) - yOf(high), theme.counterLine);
    renderer.fillRect(x, y - 0.5, right - x, 1, theme.counterLine);
  }
  if (band !== null) renderer.paintBands();
  label(renderer, theme, 6, y0 + 9, formatValue(scale.high, unit), theme.faintText);
  // In a low row the lower end would stand on the upper one.
  if (place.height >= 2 * LABEL_PX)
    label(renderer, theme, 6, y0 + place.height - 8, formatValue(scale.low, unit), theme.faintText);
  if (scene.pointer === null || scene.pointer.trackId !== place.track.id) return;
  const at = lastNotAfter(columns.ts, scene.pointer.nanos);
  if (at < 0) return;
  const x = cssFromTrace(window, width, scene.pointer.nanos);
  const value = columns.last[at]!;
  renderer.fillRect(x - 0.5, y0, 1, place.height, theme.hover);
  renderer.fillRect(x - 2.5, yOf(value) - 2.5, 5, 5, theme.selection);
  const text = formatValue(value, unit);
  const left = x + 8 + renderer.measure(text) > width ? x - 8 - renderer.measure(text) : x + 8;
  label(renderer, theme, left, y0 + place.height / 2, text, theme.text);
}

/** Draws rows at `y - scroll + offset`; rows outside of `[0, height)` of the region are left out. */
export function drawRows(
  renderer: Renderer,
  scene: Scene,
  rows: readonly Row[],
  scroll: number,
  top: number,
  height: number,
): void {
  const { theme, width } = scene;
  renderer.clipped(0, top, width, height, () => {
    for (const row of rows) {
      const y = top + row.y - scroll;
      if (y + row.height < top) continue;
      if (y > top + height) break;
      if (row.node.kind === "region" || row.node.kind === "rank")
        renderer.fillRect(0, y, width, row.height, theme.regionBackground);
      else if (row.isGroup && row.tracks.length === 0)
        renderer.fillRect(0, y, width, row.height, theme.groupBackground);
      renderer.fillRect(0, y + row.height - 1, width, 1, theme.rowLine);
      for (const track of row.summary) {
        const columns = scene.columnsOf(track.id);
        if (columns?.kind === "slice")
          drawSlices(renderer, { ...scene, nameOf: () => undefined }, columns, y + 4, row.height - 8, 1, SUMMARY_ALPHA);
      }
      for (const place of row.tracks) {
        const columns = scene.columnsOf(place.track.id);
        if (columns === undefined) continue;
        if (columns.kind === "slice") drawSlices(renderer, scene, columns, y + place.y, place.depthPx, Infinity, 1);
        else drawCounter(renderer, scene, row, place, columns, y + place.y);
      }
    }
    renderer.paintBands();
  });
}

export function drawGrid(renderer: Renderer, scene: Scene, height: number): void {
  const step = tickStep(scene.window, scene.width, 120);
  for (let at = Math.ceil(scene.window.start / step) * step; at <= scene.window.end; at += step) {
    renderer.fillRect(Math.round(cssFromTrace(scene.window, scene.width, at)), 0, 1, height, scene.theme.grid);
  }
}

export const AXIS_PX = 22;
export const MARKS_PX = 16;

export function drawAxis(renderer: Renderer, scene: Scene, marks: readonly Mark[], area: TimeWindow | null): void {
  const { window, width, theme } = scene;
  const step = tickStep(window, width, 120);
  for (let at = Math.ceil(window.start / step) * step; at <= window.end; at += step) {
    const x = Math.round(cssFromTrace(window, width, at));
    renderer.fillRect(x, AXIS_PX - 6, 1, 6, theme.faintText);
    renderer.text(x + 4, AXIS_PX / 2, formatTick(at, step), theme.faintText);
  }
  renderer.fillRect(0, AXIS_PX, width, 1, theme.rowLine);
  if (area !== null) {
    const left = cssFromTrace(window, width, area.start);
    const right = cssFromTrace(window, width, area.end);
    renderer.fillRect(left, 0, Math.max(1, right - left), AXIS_PX + MARKS_PX, theme.selectionFill);
    // How long it is stands in its middle, or in that of the part that is seen.
    const text = formatNanosShort(area.end - area.start);
    const half = renderer.measure(text) / 2;
    const middle = (Math.max(left, 0) + Math.min(right, width)) / 2;
    if (right > 0 && left < width) {
      const x = Math.min(Math.max(middle - half, 4), width - 2 * half - 4);
      label(renderer, theme, x, AXIS_PX + MARKS_PX / 2, text, theme.text);
    }
  }
  for (const mark of marks) {
    const x = cssFromTrace(window, width, mark.start);
    if (mark.end === null) {
      renderer.polygon(
        [
          [x, AXIS_PX + 2],
          [x + 9, AXIS_PX + 5],
          [x, AXIS_PX + 8],
        ],
        theme.mark,
      );
      renderer.fillRect(x, AXIS_PX + 2, 1.5, MARKS_PX - 2, theme.mark);
    } else {
      const right = cssFromTrace(window, width, mark.end);
      renderer.fillRect(x, AXIS_PX + MARKS_PX - 6, Math.max(2, right - x), 4, theme.mark);
    }
    if (mark.text !== "") renderer.text(x + 12, AXIS_PX + MARKS_PX / 2 - 1, mark.text, theme.text);
  }
}

export function drawMarkLines(renderer: Renderer, scene: Scene, marks: readonly Mark[], height: number): void {
  for (const mark of marks) {
    for (const at of mark.end === null ? [mark.start] : [mark.start, mark.end]) {
      const x = cssFromTrace(scene.window, scene.width, at);
      if (x >= 0 && x <= scene.width) renderer.fillRect(x, 0, 1, height, scene.theme.mark);
    }
  }
}

export interface PlacedArrow {
  arrow: FlowArrow;
  fromY: number | null;
  toY: number | null;
  isOutgoing: boolean;
  isFocused: boolean;
}

/** With more arrows than this, each is fainter: where many go the same way, they add up. */
const FULL_ARROWS = 40;
const MIN_ARROW_ALPHA = 0.05;

export function drawArrows(renderer: Renderer, scene: Scene, placed: readonly PlacedArrow[]): void {
  const opacity = Math.max(MIN_ARROW_ALPHA, Math.min(1, FULL_ARROWS / placed.length));
  for (const { arrow, fromY, toY, isOutgoing, isFocused } of placed) {
    if (fromY === null || toY === null) continue;
    const { from, to } = arrow;
    const end = from.ts + (from.dur ?? 0);
    // The arrow leaves the end of its source, or its start when the target begins within it.
    const leaves = to.ts < end ? from.ts : end;
    const x1 = cssFromTrace(scene.window, scene.width, leaves);
    const x2 = cssFromTrace(scene.window, scene.width, to.ts);
    if (Math.max(x1, x2) < -200 || Math.min(x1, x2) > scene.width + 200) continue;
    const color = isOutgoing ? scene.theme.arrowOut : scene.theme.arrowIn;
    withOpacity(renderer, opacity, () => {
      renderer.curve(x1, fromY, x2, toY, color, isFocused ? 2.5 : 1.25);
      renderer.polygon(
        [
          [x2, toY],
          [x2 - 7, toY - 4],
          [x2 - 7, toY + 4],
        ],
        color,
      );
    });
  }
}
