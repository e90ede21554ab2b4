// The timeline as a component: overview, axis, shells and one canvas, and every gesture on them.
// Rows are not scrolled by the browser but drawn at `scrollTop`, so that shells and canvas never come apart.
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { formatNanos, formatNanosShort } from "../base/format.ts";
import { cssFromTrace, traceFromCss } from "../base/geom.ts";
import * as store from "../state/store.ts";
import { controller, draggedArea, type Hit, hovered, TimelineController } from "./controller.ts";
import { AXIS_PX, MARKS_PX } from "./draw.ts";
import { OVERVIEW_PX } from "./draw_overview.ts";
import { Handle } from "./handle.tsx";
import { Icon } from "./icons.tsx";
import { Overview } from "./overview.tsx";
import { Shells } from "./shells.tsx";
import { Tooltip } from "./tooltip.tsx";

const CLICK_SLOP_PX = 4;
const EDGE_PX = 5;

const sameHit = (a: Hit | null, b: Hit | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.row === b.row &&
    a.place === b.place &&
    a.block?.columns === b.block?.columns &&
    a.block?.index === b.block?.index &&
    a.sample?.index === b.sample?.index);

/** Selects what is there; debug rows that carry a slice's id stand for it. */
function selectHit(hit: Hit | null): void {
  const block = hit?.block ?? null;
  if (block === null) {
    store.select({ kind: "none" });
    return;
  }
  const number = block.columns.slice[block.index]!;
  if (!block.isDebug) {
    store.select({ kind: "slice", id: number });
    return;
  }
  const track = store.debugTracks.value.find((each) => each.node.key === hit!.row.node.key);
  const slice = track?.rows[number]?.slice ?? null;
  if (slice !== null) store.select({ kind: "slice", id: slice });
}

function attachGestures(element: HTMLCanvasElement): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  const at = (event: MouseEvent) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  type Drag =
    | { mode: "area"; x: number; y: number; start: number; moved: boolean; hit: Hit | null }
    | { mode: "edge"; x: number; other: number; tracks: readonly number[] | null; moved: boolean; hit: Hit | null }
    | { mode: "pan"; x: number; y: number; moved: boolean; hit: Hit | null }
    | { mode: "pinch"; distance: number };
  let drag: Drag | null = null;

  const updateHover = (x: number, y: number) => {
    const hit = controller.value?.hitTest(x, y) ?? null;
    if (!sameHit(hit, hovered.value)) hovered.value = hit;
    element.style.cursor = edgeAt(x) !== null ? "ew-resize" : hit?.block != null ? "pointer" : "default";
  };
  const edgeAt = (x: number): { other: number; tracks: readonly number[] | null } | null => {
    const selected = store.selection.value;
    if (selected.kind !== "area") return null;
    const { width } = store.viewport.value;
    if (Math.abs(cssFromTrace(store.view.value, width, selected.start) - x) <= EDGE_PX) {
      return { other: selected.end, tracks: selected.tracks };
    }
    if (Math.abs(cssFromTrace(store.view.value, width, selected.end) - x) <= EDGE_PX) {
      return { other: selected.start, tracks: selected.tracks };
    }
    return null;
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0 && event.button !== 1) return;
    const { x, y } = at(event);
    pointers.set(event.pointerId, { x, y });
    element.setPointerCapture(event.pointerId);
    const c = controller.value;
    if (c === null) return;
    (document.activeElement as HTMLElement | null)?.blur?.();
    const hit = c.hitTest(x, y);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      drag = { mode: "pinch", distance: Math.max(10, Math.abs(a!.x - b!.x)) };
    } else if (event.shiftKey || event.button === 1 || event.pointerType === "touch") {
      drag = { mode: "pan", x, y, moved: false, hit };
    } else {
      const edge = edgeAt(x);
      drag =
        edge !== null
          ? { mode: "edge", x, ...edge, moved: false, hit }
          : { mode: "area", x, y, start: c.snappedTime(x, y, event.altKey), moved: false, hit };
    }
    event.preventDefault();
  };
  const move = (event: PointerEvent) => {
    const { x, y } = at(event);
    store.mouse.value = { x, y, isOver: true };
    const c = controller.value;
    if (c === null) return;
    const before = pointers.get(event.pointerId);
    if (before !== undefined) pointers.set(event.pointerId, { x, y });
    if (drag === null) {
      updateHover(x, y);
      return;
    }
    hovered.value = null;
    if (drag.mode === "pinch") {
      const [a, b] = [...pointers.values()];
      if (a === undefined || b === undefined) return;
      const distance = Math.max(10, Math.abs(a.x - b.x));
      c.zoomAt(distance / drag.distance, (a.x + b.x) / 2);
      drag.distance = distance;
    } else if (drag.mode === "pan") {
      if (Math.abs(x - drag.x) + Math.abs(y - drag.y) > CLICK_SLOP_PX) drag.moved = true;
      if (!drag.moved || before === undefined) return;
      c.panBy(before.x - x);
      store.setScroll(store.scrollTop.value + before.y - y);
    } else {
      const nanos = c.snappedTime(x, y, event.altKey);
      if (drag.mode === "edge") {
        if (Math.abs(x - drag.x) > CLICK_SLOP_PX) drag.moved = true;
        if (!drag.moved) return;
        const range = { start: Math.min(nanos, drag.other), end: Math.max(nanos, drag.other) };
        draggedArea.value = { ...range, tracks: drag.tracks === null ? null : [...drag.tracks] };
      } else {
        if (Math.abs(x - drag.x) > CLICK_SLOP_PX || Math.abs(y - drag.y) > 3 * CLICK_SLOP_PX) drag.moved = true;
        if (!drag.moved) return;
        draggedArea.value = {
          start: Math.min(drag.start, nanos),
          end: Math.max(drag.start, nanos),
          tracks: c.tracksBetween(drag.y, y),
        };
      }
    }
  };
  const up = (event: PointerEvent) => {
    pointers.delete(event.pointerId);
    const done = drag;
    drag = pointers.size > 0 && done?.mode === "pinch" ? done : null;
    const area = draggedArea.value;
    draggedArea.value = null;
    if (done === null || event.type === "pointercancel") return;
    if (area !== null && area.end > area.start) store.select({ kind: "area", ...area });
    else if (done.mode !== "pinch" && !done.moved && !event.shiftKey) selectHit(done.hit);
    const { x, y } = at(event);
    updateHover(x, y);
  };
  const leave = () => {
    store.mouse.value = { ...store.mouse.value, isOver: false };
    hovered.value = null;
  };
  const double = (event: MouseEvent) => {
    const { x, y } = at(event);
    const hit = controller.value?.hitTest(x, y) ?? null;
    if (hit?.block == null) return;
    const { columns, index } = hit.block;
    const [ts, dur] = [columns.ts[index]!, columns.dur[index]!];
    controller.value?.glideTo({ start: ts - dur * 0.25 - 1, end: ts + dur * 1.25 + 1 });
  };
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("pointerleave", leave);
  element.addEventListener("dblclick", double);
  return () => {
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", up);
    element.removeEventListener("pointerleave", leave);
    element.removeEventListener("dblclick", double);
  };
}

/** Wheel of the whole timeline: scroll, with Ctrl zoom at the cursor, with Shift or sideways pan. */
function attachWheel(element: HTMLElement, canvas: HTMLCanvasElement): () => void {
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const c = controller.value;
    if (c === null) return;
    const unit = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? store.viewport.value.height : 1;
    const dx = event.deltaX * unit;
    const dy = event.deltaY * unit;
    const x = event.clientX - canvas.getBoundingClientRect().left;
    if (event.ctrlKey || event.metaKey)
      c.zoomAt(Math.exp(-dy * 0.0025), Math.min(Math.max(x, 0), store.viewport.value.width));
    else if (event.shiftKey) c.panBy(dy !== 0 ? dy : dx);
    else {
      if (Math.abs(dx) > Math.abs(dy)) c.panBy(dx);
      else store.setScroll(store.scrollTop.value + dy);
    }
  };
  element.addEventListener("wheel", wheel, { passive: false });
  return () => element.removeEventListener("wheel", wheel);
}

/** The axis: dragging selects a range over all tracks, clicking in the strip beneath sets a flag. */
function attachAxis(element: HTMLCanvasElement): () => void {
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    const box = element.getBoundingClientRect();
    const { width } = store.viewport.value;
    const x0 = event.clientX - box.left;
    const from = traceFromCss(store.view.value, width, x0);
    const inMarks = event.clientY - box.top >= AXIS_PX;
    const move = (next: PointerEvent) => {
      const x = next.clientX - box.left;
      if (Math.abs(x - x0) <= CLICK_SLOP_PX && draggedArea.value === null) return;
      const to = traceFromCss(store.view.value, width, Math.min(Math.max(x, 0), width));
      draggedArea.value = { start: Math.round(Math.min(from, to)), end: Math.round(Math.max(from, to)), tracks: null };
    };
    const up = () => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
      const area = draggedArea.value;
      draggedArea.value = null;
      if (area !== null) {
        store.select({ kind: "area", ...area });
        return;
      }
      const near = store.marks.value.find((mark) => {
        const left = cssFromTrace(store.view.value, width, mark.start);
        const right = mark.end === null ? left + 9 : cssFromTrace(store.view.value, width, mark.end);
        return x0 >= left - 3 && x0 <= right + 3;
      });
      if (near !== undefined) store.select({ kind: "mark", id: near.id });
      else if (inMarks) {
        const id = store.addMark({ start: Math.round(from), end: null, text: "", isTemporary: false });
        store.select({ kind: "mark", id });
      } else store.select({ kind: "none" });
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
  };
  element.addEventListener("pointerdown", down);
  return () => element.removeEventListener("pointerdown", down);
}

function ScrollBar() {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() =>
    effect(() => {
      const top = store.scrollTop.value;
      if (bar.current !== null && Math.abs(bar.current.scrollTop - top) > 1) bar.current.scrollTop = top;
    }),
  );
  const { height, pinnedHeight } = store.layout.value;
  return (
    <div
      class="scrollbar"
      ref={bar}
      style={{ top: `${pinnedHeight}px` }}
      onScroll={(event) => {
        const top = event.currentTarget.scrollTop;
        if (Math.abs(top - store.scrollTop.value) > 1) store.setScroll(top);
      }}
      tabIndex={-1}
      aria-hidden="true"
    >
      <div style={{ height: `${height + 24}px`, width: "1px" }} />
    </div>
  );
}

function Corner() {
  const groups = (withRegions: boolean) => {
    const keys: string[] = [];
    const visit = (nodes: typeof store.nodes.value) => {
      for (const node of nodes) {
        const isRegion = node.kind === "region" || node.kind === "rank";
        if (node.children.length > 0 && (withRegions || !isRegion)) keys.push(node.key);
        visit(node.children);
      }
    };
    visit(store.nodes.value);
    return keys;
  };
  return (
    <div class="corner">
      <input
        id="track-filter"
        type="search"
        placeholder="Filter tracks"
        aria-label="Filter tracks by name, role, pid, tid or rank; commas separate terms"
        value={store.trackFilter.value}
        onInput={(event) => (store.trackFilter.value = event.currentTarget.value)}
      />
      <button
        class="icon"
        title="Unfold all"
        aria-label="Unfold all groups"
        onClick={() => store.setCollapsed(groups(true), false)}
      >
        <Icon name="unfold" />
      </button>
      <button
        class="icon"
        title="Fold all"
        aria-label="Fold all groups"
        onClick={() => store.setCollapsed(groups(false), true)}
      >
        <Icon name="fold" />
      </button>
      <WorkspaceChoice />
    </div>
  );
}

function WorkspaceChoice() {
  const list = store.workspaces.value;
  return (
    <>
      {list.length > 0 && (
        <select
          aria-label="Workspace"
          value={store.workspaceName.value ?? ""}
          onChange={(event) => {
            const name = event.currentTarget.value;
            store.workspaceName.value = name === "" ? null : name;
            store.setScroll(0);
          }}
        >
          <option value="">All tracks</option>
          {list.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      <button
        class={store.workspaceName.value === null ? "icon" : "icon active"}
        title="Workspaces"
        aria-label="Workspaces"
        onClick={() => (store.dialog.value = "workspaces")}
      >
        <Icon name="workspaces" />
      </button>
    </>
  );
}

export function Timeline() {
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const axis = useRef<HTMLCanvasElement>(null);
  const trace = store.trace.value;
  useEffect(() => {
    if (trace === null) return;
    const c = new TimelineController(trace);
    controller.value = c;
    c.attach(canvas.current!, axis.current!);
    const detach = [
      attachGestures(canvas.current!),
      attachWheel(root.current!, canvas.current!),
      attachAxis(axis.current!),
      () => c.detach(),
    ];
    const measure = () => {
      // The observer may still be called between the removal of the canvas and the end of this effect.
      if (canvas.current === null) return;
      const { clientWidth: width, clientHeight: height } = canvas.current;
      store.viewport.value = { width: Math.max(50, width), height: Math.max(50, height) };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(canvas.current!);
    measure();
    return () => {
      observer.disconnect();
      for (const each of detach) each();
      if (controller.value === c) controller.value = null;
      hovered.value = null;
    };
  }, [trace]);
  return (
    <main
      class="timeline"
      ref={root}
      style={{
        "--shell-width": `${store.settings.value.shellWidth}px`,
        "--overview": `${OVERVIEW_PX}px`,
        "--axis": `${AXIS_PX + MARKS_PX}px`,
      }}
      aria-label="Timeline"
    >
      <Corner />
      <Overview />
      <div class="axis-label">
        <ViewSpan />
      </div>
      <canvas
        class="axis-canvas"
        ref={axis}
        role="img"
        aria-label="Time axis. Drag to select a range, click below it to set a flag."
      />
      <div class="shell-column">
        <Shells />
      </div>
      <div class="tracks">
        <canvas
          class="track-canvas"
          ref={canvas}
          role="img"
          aria-label="Tracks. Drag to select an area, click to select a slice; keys are listed in the help."
          tabIndex={-1}
        />
        <Tooltip />
        <ScrollBar />
      </div>
      <Handle
        class="shell-resize"
        label="Width of the track names"
        orientation="vertical"
        grows="forward"
        size={store.settings.value.shellWidth}
        min={140}
        max={600}
        usual={store.USUAL_SHELL_PX}
        onSize={(shellWidth) => store.changeSettings({ shellWidth })}
      />
    </main>
  );
}

function ViewSpan() {
  const { start, end } = store.view.value;
  return (
    <>
      <span class="faint">view</span> <b>{formatNanosShort(end - start)}</b>{" "}
      <span class="faint">from {formatNanos(Math.round(start), store.settings.value.timeFormat)}</span>
    </>
  );
}
