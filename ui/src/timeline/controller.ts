// Owns what the timeline shows of one trace: columns, names, motion, and the frame that is drawn when state changes.
// Everything that changes the view goes through here or `state/`, so keys, gestures and commands behave alike.
import { computed, effect, signal } from "@preact/signals";
import {
  lastNotAfter,
  firstEndingAfter,
  type CounterColumns,
  type SliceColumns,
  type TrackColumns,
} from "../api/viewport_frame.ts";
import {
  centerWindow,
  clampWindow,
  fitWindow,
  panWindow,
  spanOf,
  type TimeWindow,
  traceFromCss,
  zoomWindow,
} from "../base/geom.ts";
import { beginPending } from "../base/idle.ts";
import { debugColumns, debugCounter } from "../logic/debug_track.ts";
import { allTracks, type Row, rowIndexAt, type RowTrack, stickyHeaders } from "../logic/rows.ts";
import { snapToEdge, SNAP_PX } from "../logic/snapping.ts";
import { DARK, LIGHT } from "../render/palette.ts";
import { CanvasRenderer } from "../render/renderer.ts";
import * as store from "../state/store.ts";
import {
  AXIS_PX,
  drawArrows,
  drawAxis,
  drawGrid,
  drawMarkLines,
  drawRows,
  MARKS_PX,
  type PlacedArrow,
  type Scene,
} from "./draw.ts";
import type { Load } from "./draw_overview.ts";
import { NameCache } from "./names.ts";
import { ViewportLoader } from "./viewport_loader.ts";

export interface Hit {
  row: Row;
  place: RowTrack | null;
  /** Null where the row holds nothing. */
  block: { columns: SliceColumns; index: number; isDebug: boolean } | null;
  sample: { columns: CounterColumns; index: number } | null;
}
/** Where a track is drawn: its row, and its place in it, or null when a folded group stands for it. */
interface Placed {
  row: Row;
  place: RowTrack | null;
  isPinned: boolean;
}

export const OVERVIEW_BUCKETS = 512;

const reducedMotion = () => typeof matchMedia !== "undefined" && matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Every row in which a track is drawn. */
export const placedTracks = computed<ReadonlyMap<number, Placed[]>>(() => {
  const { rows, pinned } = store.layout.value;
  const placed = new Map<number, Placed[]>();
  const put = (id: number, place: Placed) => {
    const known = placed.get(id);
    if (known === undefined) placed.set(id, [place]);
    else known.push(place);
  };
  const add = (row: Row, isPinned: boolean) => {
    for (const place of row.tracks) put(place.track.id, { row, place, isPinned });
    if (row.isCollapsed) {
      for (const child of row.node.children) {
        for (const track of allTracks(child)) {
          put(track.id, { row, place: null, isPinned });
        }
      }
    }
  };
  // The row of the list comes before the pinned one, which may be a summary.
  for (const row of rows) add(row, false);
  for (const row of pinned) add(row, true);
  return placed;
});

export const controller = signal<TimelineController | null>(null);
/** What is under the mouse, for the tooltip and the highlighting of equal names. */
export const hovered = signal<Hit | null>(null);
export const loads = signal<Load[]>([]);
/** The area while it is dragged, before it becomes the selection. */
export const draggedArea = signal<{ start: number; end: number; tracks: number[] | null } | null>(null);
export const framesDrawn = { count: 0, millis: [] as number[] };

export class TimelineController {
  readonly loader: ViewportLoader;
  readonly names: NameCache;
  private readonly trace: store.LoadedTrace;
  private tracks: CanvasRenderer | null = null;
  private axis: CanvasRenderer | null = null;
  private stopEffects: (() => void)[] = [];
  private frame: { id: number; end: () => void } | null = null;
  private motion: { id: number; end: () => void } | null = null;
  private held = new Map<string, number>();
  private velocity = { zoom: 0, pan: 0 };
  /** Rises when columns or names have come. */
  readonly loaded = signal(0);
  private lastHeight = 0;
  private readonly debug = new Map<number, TrackColumns>();

  constructor(trace: store.LoadedTrace) {
    this.trace = trace;
    const redraw = () => {
      this.loaded.value++;
    };
    this.loader = new ViewportLoader(trace.client, store.bounds.value, redraw, store.reportError);
    this.names = new NameCache(trace.client, redraw, store.reportError);
    loads.value = [];
    void this.loadOverview();
  }

  attach(tracks: HTMLCanvasElement, axis: HTMLCanvasElement): void {
    this.tracks = new CanvasRenderer(tracks);
    this.axis = new CanvasRenderer(axis);
    this.stopEffects.push(
      effect(() => {
        // Reading them all is what makes the effect run when any of them changes.
        void [store.view.value, store.scrollTop.value, store.viewport.value, store.layout.value, this.loaded.value];
        void [store.selection.value, store.sliceDetails.value, store.arrows.value, store.focusedArrow.value];
        void [store.marks.value, store.isDark.value, store.sliceFilter.value, hovered.value, draggedArea.value];
        void [store.debugTracks.value, store.counterModes.value, store.areaArrows.value];
        // Over a counter, the value at the mouse is drawn.
        if (hovered.value?.sample != null) void store.mouse.value;
        this.schedule();
      }),
      // Folding and filtering change the height; the scroll position must stay inside it.
      effect(() => {
        void [store.layout.value, store.viewport.value];
        store.setScroll(store.scrollTop.peek());
      }),
      // The drawer opens over the rows at the bottom; what was just selected there stays in view.
      effect(() => {
        const { height } = store.viewport.value;
        const details = store.sliceDetails.peek();
        if (details === null || height >= this.lastHeight) {
          this.lastHeight = height;
          return;
        }
        const y = this.yOf(details.track_id, details.depth);
        if (y !== null && y < this.lastHeight && y > height - 20) {
          store.setScroll(store.scrollTop.peek() + y - height + 40);
        }
        this.lastHeight = height;
      }),
    );
  }

  detach(): void {
    for (const stop of this.stopEffects) stop();
    this.stopEffects = [];
    this.loader.stop();
    if (this.frame !== null) {
      cancelAnimationFrame(this.frame.id);
      this.frame.end();
      this.frame = null;
    }
    this.stopMotion();
  }

  private schedule(): void {
    if (this.frame !== null) return;
    const end = beginPending("frame");
    const id = requestAnimationFrame(() => {
      this.frame = null;
      const before = performance.now();
      try {
        this.draw();
      } finally {
        framesDrawn.count++;
        framesDrawn.millis.push(performance.now() - before);
        if (framesDrawn.millis.length > 2000) framesDrawn.millis.shift();
        end();
      }
    });
    this.frame = { id, end };
  }

  columnsOf = (trackId: number) => this.debugColumnsOf(trackId) ?? this.loader.columnsOf(trackId);

  private debugColumnsOf(trackId: number): TrackColumns | undefined {
    const known = this.debug.get(trackId);
    if (known !== undefined) return known;
    const track = store.debugTracks.value.find((each) => each.node.tracks[0]!.id === trackId);
    if (track === undefined) return undefined;
    const columns = track.isCounter
      ? debugCounter(track.rows)
      : debugColumns(track.rows, (text) => this.names.idOfLocal(text));
    this.debug.set(trackId, columns);
    return columns;
  }
  private isDebug = (trackId: number) => this.debug.has(trackId);

  private visibleRows(marginPx: number): Row[] {
    const { rows, pinnedHeight } = store.layout.value;
    const top = store.scrollTop.value - marginPx;
    const bottom = store.scrollTop.value + store.viewport.value.height - pinnedHeight + marginPx;
    const result: Row[] = [];
    for (let i = Math.max(0, rowIndexAt(rows, top)); i < rows.length && rows[i]!.y < bottom; i++) result.push(rows[i]!);
    return result;
  }

  private scene(): Scene {
    const hit = hovered.value;
    const filter = store.sliceFilter.value.trim().toLowerCase();
    const block = hit?.block ?? null;
    return {
      window: store.view.value,
      width: store.viewport.value.width,
      theme: store.isDark.value ? DARK : LIGHT,
      columnsOf: this.columnsOf,
      nameOf: (id) => this.names.get(id),
      selectedSlice: store.selection.value.kind === "slice" ? store.selection.value.id : null,
      hoveredHash: block === null ? null : block.columns.nameHash[block.index]!,
      hoveredSlice: block === null ? null : block.columns.slice[block.index]!,
      modeOf: store.modeOf,
      pointer:
        hit?.sample == null || hit.place === null
          ? null
          : {
              trackId: hit.place.track.id,
              nanos: traceFromCss(store.view.value, store.viewport.value.width, store.mouse.value.x),
            },
      isNameShown: filter === "" ? null : (name) => name === undefined || name.toLowerCase().includes(filter),
    };
  }

  /** The middle of a slice's row on the canvas, or null when its track is not laid out. */
  private yOf(trackId: number, depth: number): number | null {
    const { pinnedHeight } = store.layout.value;
    let first: number | null = null;
    for (const { row, place, isPinned } of placedTracks.value.get(trackId) ?? []) {
      const top = isPinned ? 0 : pinnedHeight - store.scrollTop.value;
      const y = top + row.y + (place === null ? row.height / 2 : place.y + (depth + 0.5) * place.depthPx);
      // A place that is seen is better than one behind the pinned rows or below the edge.
      if (isPinned || (y >= pinnedHeight && y <= store.viewport.value.height)) return y;
      first ??= y;
    }
    return first;
  }

  placedArrows(): PlacedArrow[] {
    const selected = store.selection.value;
    if (selected.kind === "area") {
      return store.areaArrows.value.map((arrow) => ({
        arrow,
        isOutgoing: true,
        isFocused: false,
        fromY: this.yOf(arrow.from.track_id, arrow.from.depth),
        toY: this.yOf(arrow.to.track_id, arrow.to.depth),
      }));
    }
    if (selected.kind !== "slice") return [];
    let outgoing = 0;
    let incoming = 0;
    const focus = store.focusedArrow.value;
    return store.arrows.value.map((arrow) => {
      const isOutgoing = arrow.from.slice === selected.id;
      const isFocused = isOutgoing ? outgoing++ === focus.outgoing : incoming++ === focus.incoming;
      const fromY = this.yOf(arrow.from.track_id, arrow.from.depth);
      return { arrow, isOutgoing, isFocused, fromY, toY: this.yOf(arrow.to.track_id, arrow.to.depth) };
    });
  }

  private draw(): void {
    if (this.tracks === null || this.axis === null) return;
    const { width, height } = store.viewport.value;
    const { pinned, pinnedHeight } = store.layout.value;
    const scene = this.scene();
    const visible = this.visibleRows(0);
    const tracksOf = (rows: readonly Row[]) => [
      ...new Set(rows.flatMap((row) => [...row.summary, ...row.tracks.map((place) => place.track)]).map((t) => t.id)),
    ];
    const isReal = (id: number) => this.debugColumnsOf(id) === undefined;
    this.loader.want({
      window: scene.window,
      width,
      visible: tracksOf([...pinned, ...visible]).filter(isReal),
      nearby: tracksOf(this.visibleRows(height)).filter(isReal),
    });

    const area = draggedArea.value ?? (store.selection.value.kind === "area" ? store.selection.value : null);
    const c = this.tracks;
    c.begin(width, height, scene.theme.background);
    drawGrid(c, scene, height);
    drawRows(c, scene, visible, store.scrollTop.value, pinnedHeight, height - pinnedHeight);
    if (area !== null)
      this.drawArea(c, scene, area, visible, pinnedHeight - store.scrollTop.value, pinnedHeight, height);
    c.clipped(0, pinnedHeight, width, height - pinnedHeight, () => {
      // Sticky headers lie over what scrolls beneath them.
      let top = pinnedHeight;
      for (const header of this.stickyRows()) {
        const color = header.node.kind === "region" ? scene.theme.regionBackground : scene.theme.groupBackground;
        c.fillRect(0, top, width, header.height, color);
        top += header.height;
      }
    });
    if (pinnedHeight > 0) {
      c.fillRect(0, 0, width, pinnedHeight, scene.theme.background);
      drawRows(c, scene, pinned, 0, 0, pinnedHeight);
      if (area !== null) this.drawArea(c, scene, area, pinned, 0, 0, pinnedHeight);
      c.fillRect(0, pinnedHeight - 2, width, 2, scene.theme.faintText);
    }
    drawMarkLines(c, scene, store.marks.value, height);
    drawArrows(c, scene, this.placedArrows());

    this.axis.begin(width, AXIS_PX + MARKS_PX, scene.theme.background);
    drawAxis(this.axis, scene, store.marks.value, area);
    this.names.flush();
  }

  private drawArea(
    c: CanvasRenderer,
    scene: Scene,
    area: { start: number; end: number; tracks: readonly number[] | null },
    rows: readonly Row[],
    offset: number,
    top: number,
    bottom: number,
  ): void {
    const left = ((area.start - scene.window.start) * scene.width) / spanOf(scene.window);
    const right = ((area.end - scene.window.start) * scene.width) / spanOf(scene.window);
    const chosen = area.tracks === null ? null : new Set(area.tracks);
    c.clipped(0, top, scene.width, bottom - top, () => {
      for (const row of rows) {
        const isIn =
          chosen === null || [...row.tracks.map((p) => p.track), ...row.summary].some((t) => chosen.has(t.id));
        if (isIn) c.fillRect(left, row.y + offset, Math.max(1, right - left), row.height, scene.theme.selectionFill);
      }
      c.fillRect(left - 0.5, top, 1, bottom - top, scene.theme.selection);
      c.fillRect(right - 0.5, top, 1, bottom - top, scene.theme.selection);
    });
  }

  stickyRows(): Row[] {
    return stickyHeaders(store.layout.value.rows, store.scrollTop.value);
  }

  /** The row at a height of the canvas, pinned rows first, and the y inside the row. */
  rowAt(y: number): { row: Row; inRow: number } | null {
    const { rows, pinned, pinnedHeight } = store.layout.value;
    const isPinned = y < pinnedHeight;
    if (!isPinned) {
      let top = pinnedHeight;
      for (const header of this.stickyRows()) {
        if (y < top + header.height) return { row: header, inRow: -1 };
        top += header.height;
      }
    }
    const list = isPinned ? pinned : rows;
    const at = isPinned ? y : y - pinnedHeight + store.scrollTop.value;
    const row = list[rowIndexAt(list, at)];
    return row === undefined || at >= row.y + row.height ? null : { row, inRow: at - row.y };
  }

  hitTest(x: number, y: number): Hit | null {
    const found = this.rowAt(y);
    if (found === null) return null;
    const { row, inRow } = found;
    const { width } = store.viewport.value;
    const nanos = traceFromCss(store.view.value, width, x);
    const place = row.tracks.find((each) => inRow >= each.y && inRow < each.y + each.height) ?? null;
    const none: Hit = { row, place, block: null, sample: null };
    const columns = place === null ? undefined : this.columnsOf(place.track.id);
    if (place === null || columns === undefined) return none;
    if (columns.kind === "counter") {
      const index = lastNotAfter(columns.ts, nanos);
      return index < 0 ? none : { ...none, sample: { columns, index } };
    }
    const depth = Math.floor((inRow - place.y) / place.depthPx);
    const from = columns.depthFirst[depth];
    const to = columns.depthFirst[depth + 1];
    if (from === undefined || to === undefined) return none;
    // A thin block can be hit within two pixels; one that truly lies under the mouse is preferred.
    const slack = (spanOf(store.view.value) * 2) / width;
    const first = firstEndingAfter(columns, from, to, nanos - slack);
    let best = -1;
    let nearest = slack;
    for (let i = first; i < to && columns.ts[i]! <= nanos + slack; i++) {
      const end = columns.ts[i]! + columns.dur[i]!;
      const away = columns.ts[i]! > nanos ? columns.ts[i]! - nanos : end < nanos ? nanos - end : -1;
      if (away < nearest || (away === nearest && best < 0)) {
        nearest = away;
        best = i;
      }
      if (away === -1) break;
    }
    return best < 0 ? none : { ...none, block: { columns, index: best, isDebug: this.isDebug(place.track.id) } };
  }

  /**
   * The slice that begins first or last in an area, of the topmost depth of its uppermost track that has any: where the
   * keyboard goes on from an area. What shares a pixel with a longer one is not told apart.
   */
  sliceIn(
    area: { start: number; end: number; tracks: readonly number[] | null },
    which: "first" | "last",
  ): number | null {
    const wanted = area.tracks === null ? null : new Set(area.tracks);
    for (const row of store.layout.value.rows) {
      for (const { track } of row.tracks) {
        const columns = wanted === null || wanted.has(track.id) ? this.loader.columnsOf(track.id) : undefined;
        if (columns?.kind !== "slice") continue;
        for (let depth = 0; depth + 1 < columns.depthFirst.length; depth++) {
          const ts = columns.ts.subarray(columns.depthFirst[depth], columns.depthFirst[depth + 1]);
          const from = lastNotAfter(ts, area.start - 1) + 1;
          const to = lastNotAfter(ts, area.end - 1);
          if (from <= to) return columns.slice[columns.depthFirst[depth]! + (which === "first" ? from : to)]!;
        }
      }
    }
    return null;
  }

  /** The time at a pixel, pulled to an end of a slice near the mouse. */
  snappedTime(x: number, y: number, isFree: boolean): number {
    const { width } = store.viewport.value;
    const nanos = traceFromCss(store.view.value, width, x);
    const { start, end } = store.bounds.value;
    const inside = Math.min(Math.max(nanos, start), end);
    if (isFree) return Math.round(inside);
    const found = this.rowAt(y);
    const place = found?.row.tracks.find((each) => found.inRow >= each.y && found.inRow < each.y + each.height);
    const columns = place === undefined ? undefined : this.columnsOf(place.track.id);
    if (place === undefined || columns?.kind !== "slice") return Math.round(inside);
    const depth = Math.floor((found!.inRow - place.y) / place.depthPx);
    return Math.round(snapToEdge(columns, depth, inside, (spanOf(store.view.value) * SNAP_PX) / width));
  }

  /** All tracks of the rows between two heights of the canvas; a folded group gives all it hides. */
  tracksBetween(y1: number, y2: number): number[] {
    const { rows, pinned, pinnedHeight } = store.layout.value;
    const [low, high] = [Math.min(y1, y2), Math.max(y1, y2)];
    const tracks = new Set<number>();
    const take = (row: Row, top: number) => {
      if (top >= high || top + row.height <= low) return;
      const below = row.isCollapsed ? row.node.children.flatMap((child) => allTracks(child)) : [];
      for (const track of [...row.node.tracks, ...below]) if (!this.isDebug(track.id)) tracks.add(track.id);
    };
    for (const row of pinned) take(row, row.y);
    for (const row of rows) {
      const top = row.y - store.scrollTop.value + pinnedHeight;
      if (top + row.height > pinnedHeight) take(row, top);
    }
    return [...tracks];
  }

  // Motion: keys that are held accelerate smoothly; jumps glide, so that the eye can follow.

  hold(key: string, zoom: number, pan: number): void {
    this.held.set(key, 0);
    this.held.set(`${key}/zoom`, zoom);
    this.held.set(`${key}/pan`, pan);
    this.startMotion();
  }
  release(key: string): void {
    for (const each of [key, `${key}/zoom`, `${key}/pan`]) this.held.delete(each);
  }
  releaseAll(): void {
    this.held.clear();
  }

  private startMotion(): void {
    if (this.motion !== null) return;
    const end = beginPending("motion");
    let last = performance.now();
    // A short tap moves by a visible amount even when the key is up before the first frame.
    this.velocity = { zoom: 0, pan: 0 };
    let first = true;
    const tick = (now: number) => {
      const seconds = Math.min(0.05, Math.max(0.001, (now - last) / 1000));
      last = now;
      let zoom = 0;
      let pan = 0;
      for (const [key, value] of this.held) {
        if (key.endsWith("/zoom")) zoom += value;
        else if (key.endsWith("/pan")) pan += value;
      }
      if (first) this.velocity = { zoom: this.lastTap.zoom * 1.2, pan: this.lastTap.pan * 0.4 };
      first = false;
      const ease = 1 - Math.exp(-seconds * 9);
      this.velocity.zoom += (zoom * 3.2 - this.velocity.zoom) * ease;
      this.velocity.pan += (pan * 1.3 - this.velocity.pan) * ease;
      const window = store.view.value;
      const anchor = this.anchor();
      const zoomed = zoomWindow(window, store.bounds.value, Math.exp(this.velocity.zoom * seconds), anchor);
      store.setView(panWindow(zoomed, store.bounds.value, this.velocity.pan * seconds * spanOf(zoomed)));
      const isMoving = this.held.size > 0 || Math.abs(this.velocity.zoom) > 0.02 || Math.abs(this.velocity.pan) > 0.01;
      if (isMoving) this.motion = { id: requestAnimationFrame(tick), end };
      else {
        this.motion = null;
        end();
      }
    };
    for (const [key, value] of this.held) {
      if (key.endsWith("/zoom")) this.lastTap.zoom = value;
      else if (key.endsWith("/pan")) this.lastTap.pan = value;
    }
    this.motion = { id: requestAnimationFrame(tick), end };
  }
  private readonly lastTap = { zoom: 0, pan: 0 };

  private stopMotion(): void {
    if (this.motion === null) return;
    cancelAnimationFrame(this.motion.id);
    this.motion.end();
    this.motion = null;
    this.held.clear();
  }

  /** The time under the mouse, or the middle when the mouse is elsewhere. */
  anchor(): number {
    const { width } = store.viewport.value;
    return traceFromCss(store.view.value, width, store.mouse.value.isOver ? store.mouse.value.x : width / 2);
  }

  /** Moves the view there in a short glide. */
  glideTo(target: TimeWindow): void {
    this.stopMotion();
    const to = clampWindow(target, store.bounds.value);
    const from = store.view.value;
    if (reducedMotion()) {
      store.setView(to);
      return;
    }
    const end = beginPending("glide");
    const startedAt = performance.now();
    const ratio = Math.log(spanOf(to) / spanOf(from));
    const tick = (now: number) => {
      const t = Math.min(1, Math.max(0, (now - startedAt) / 180));
      const eased = 1 - (1 - t) ** 3;
      if (t >= 1) {
        store.setView(to);
        this.motion = null;
        end();
        return;
      }
      // Spans change by a constant factor, and the middle moves with them, which looks like one motion.
      const span = spanOf(from) * Math.exp(ratio * eased);
      const share =
        Math.abs(spanOf(to) - spanOf(from)) < 1 ? eased : (span - spanOf(from)) / (spanOf(to) - spanOf(from));
      const start = from.start + (to.start - from.start) * share;
      store.setView({ start, end: start + span });
      this.motion = { id: requestAnimationFrame(tick), end };
    };
    this.motion = { id: requestAnimationFrame(tick), end };
  }

  zoomAt(factor: number, x: number): void {
    const anchor = traceFromCss(store.view.value, store.viewport.value.width, x);
    store.setView(zoomWindow(store.view.value, store.bounds.value, factor, anchor));
  }
  panBy(px: number): void {
    const nanos = (px * spanOf(store.view.value)) / store.viewport.value.width;
    store.setView(panWindow(store.view.value, store.bounds.value, nanos));
  }
  centerAt(nanos: number): void {
    this.glideTo(centerWindow(store.view.value, store.bounds.value, nanos));
  }

  /** Unfolds what hides the track and scrolls its row into view. */
  revealTrack(trackId: number, depth = 0): void {
    const place = store.trackPlaces.value.get(trackId);
    if (place === undefined) return;
    if (store.trackFilter.value !== "" && !placedTracks.value.has(trackId)) store.trackFilter.value = "";
    const { workspace } = store;
    if (workspace.value !== null && !placedTracks.value.has(trackId)) {
      store.notify(`“${workspace.value.name}” does not have this track: all tracks are shown.`);
      store.workspaceName.value = null;
    }
    this.unfold(place.path.map((node) => node.key));
    const y = this.yOf(trackId, depth);
    const placed = placedTracks.value.get(trackId)?.[0];
    if (y === null || placed === undefined) return;
    const { pinnedHeight } = store.layout.value;
    const { height } = store.viewport.value;
    const sticky = 26 * Math.min(3, placed.row.level) + 12;
    if (
      y < pinnedHeight &&
      store.pins.value.length > 0 &&
      placedTracks.value.get(trackId)!.some((each) => each.isPinned)
    )
      return;
    if (y < pinnedHeight + sticky) store.setScroll(store.scrollTop.value + y - pinnedHeight - sticky - 20);
    else if (y > height - 24) store.setScroll(store.scrollTop.value + y - height * 0.6);
  }
  revealNode(key: string): void {
    const row = store.layout.value.rows.find((each) => each.node.key === key);
    if (row !== undefined) {
      const sticky = row.path.length * 26;
      store.setScroll(row.y - sticky - 8);
    }
  }
  /** What is fitted is to be read: a thin row gets its full height. */
  private makeFull(trackId: number): void {
    const key = store.trackPlaces.value.get(trackId)?.node.key;
    if (key !== undefined && store.compact.value.has(key)) store.toggleCompact(key);
  }
  private unfold(keys: readonly string[]): void {
    const folded = keys.filter((key) => {
      const row = store.layout.value.rows.find((each) => each.node.key === key);
      return row === undefined || row.isCollapsed;
    });
    if (folded.length > 0) store.setCollapsed(folded, false);
  }

  /** Shows a time range and a track: moves only as far as needed, and fits when asked to or when it is too long. */
  revealSlice(slice: { ts: number; dur: number | null; track_id: number; depth: number }, mode: "see" | "fit"): void {
    if (mode === "fit") this.makeFull(slice.track_id);
    this.revealTrack(slice.track_id, slice.depth);
    const end = slice.ts + (slice.dur ?? store.bounds.value.end - slice.ts);
    const target = { start: slice.ts, end: Math.max(end, slice.ts + 1) };
    const window = store.view.value;
    const span = spanOf(target);
    if (mode === "fit") this.glideTo(fitWindow(target, store.bounds.value, 0.25));
    else if (span > spanOf(window) * 0.9) this.glideTo(fitWindow(target, store.bounds.value, 0.1));
    else if (target.start < window.start || target.end > window.end) {
      this.glideTo(centerWindow(window, store.bounds.value, (target.start + target.end) / 2));
    } else if (span < (spanOf(window) / store.viewport.value.width) * 1.5) {
      // Too thin to be seen: come closer until it is about a tenth of the width.
      const half = Math.max(span * 5, 500);
      const middle = (target.start + target.end) / 2;
      this.glideTo(clampWindow({ start: middle - half, end: middle + half }, store.bounds.value));
    }
  }

  /** How busy CPU and GPU are over the whole trace, from one viewport of all main tracks. */
  private async loadOverview(): Promise<void> {
    const bounds = store.bounds.value;
    const regions: { label: string; tracks: number[] }[] = [];
    const visit = (node: (typeof this.trace.nodes)[number], prefix: string) => {
      if (node.kind === "rank") for (const child of node.children) visit(child, `${node.name} `);
      else if (node.kind === "region" && node.key !== "profiler" && !/profiler/i.test(node.name)) {
        // Moments make nothing busy.
        const withoutMoments = node.children.filter((child) => child.kind !== "instants");
        const tracks = withoutMoments
          .flatMap((child) => allTracks(child))
          .filter((track) => track.kind === "slice" && track.num_events > 0);
        tracks.sort((a, b) => b.num_events - a.num_events);
        // The overview is a hint of where something happens: the busiest tracks tell that.
        regions.push({ label: prefix + node.name, tracks: tracks.slice(0, 24).map((track) => track.id) });
      }
    };
    for (const node of this.trace.nodes) visit(node, "");
    const some = regions.filter((region) => region.tracks.length > 0);
    // With many ranks there is room for one lane each: what the GPUs do says more.
    const gpus = some.filter((region) => /GPU/.test(region.label));
    const wanted = some.length > 4 && gpus.length > 0 ? gpus : some;
    try {
      const tracks = wanted.flatMap((region) => region.tracks);
      if (tracks.length === 0) return;
      const abort = new AbortController();
      this.stopEffects.push(() => abort.abort());
      const body = { start: bounds.start, end: Math.ceil(bounds.end), px: OVERVIEW_BUCKETS, tracks };
      const answer = await this.trace.client.viewport(body, abort.signal);
      const byId = new Map(answer.map((each) => [each.trackId, each.columns]));
      loads.value = wanted.map(({ label, tracks: ids }) => {
        const share = new Float64Array(OVERVIEW_BUCKETS);
        for (const id of ids) {
          const columns = byId.get(id);
          if (columns?.kind === "slice") addLoad(share, columns, bounds);
        }
        return { label, share: share.map((value) => Math.min(1, value)) };
      });
    } catch (error) {
      store.reportError(error);
    }
  }
}

/** Adds the share of each bucket that the topmost depth covers, keeping the larger of the tracks. */
export function addLoad(share: Float64Array, columns: SliceColumns, bounds: TimeWindow): void {
  const bucket = spanOf(bounds) / share.length;
  const own = new Float64Array(share.length);
  const to = columns.depthFirst[1] ?? 0;
  for (let i = 0; i < to; i++) {
    const start = columns.ts[i]! - bounds.start;
    const end = start + columns.dur[i]!;
    for (let b = Math.max(0, Math.floor(start / bucket)); b < share.length && b * bucket < end; b++) {
      own[b]! += (Math.min(end, (b + 1) * bucket) - Math.max(start, b * bucket)) / bucket;
    }
  }
  for (let b = 0; b < share.length; b++) share[b] = Math.max(share[b]!, own[b]!);
}
