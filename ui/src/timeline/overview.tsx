// The strip above the timeline: how busy CPU and GPU are over the whole trace, where the view is, hits and marks.
// Dragging in it zooms to the dragged range; dragging the view's frame or its edges moves or resizes the view.
import { useEffect, useRef } from "preact/hooks";
import { effect } from "@preact/signals";
import { cssFromTrace, spanOf, type TimeWindow, traceFromCss } from "../base/geom.ts";
import { DARK, LIGHT } from "../render/palette.ts";
import { CanvasRenderer, type Renderer } from "../render/renderer.ts";
import * as store from "../state/store.ts";
import { controller, type Load, loads } from "./controller.ts";

export const OVERVIEW_PX = 52;
const TICKS_PX = 6;
const EDGE_PX = 6;

interface OverviewScene {
  width: number;
  bounds: TimeWindow;
  view: TimeWindow;
  loads: readonly Load[];
  ticks: readonly number[];
  marks: readonly { start: number; end: number | null }[];
  dragged: TimeWindow | null;
  isDark: boolean;
}

export function drawOverview(renderer: Renderer, scene: OverviewScene): void {
  const theme = scene.isDark ? DARK : LIGHT;
  const { width, bounds } = scene;
  const laneHeight = (OVERVIEW_PX - TICKS_PX) / Math.max(1, scene.loads.length);
  scene.loads.forEach((load, lane) => {
    const color = /GPU/.test(load.label) ? theme.classes[1]! : theme.classes[8]!;
    const bucket = width / load.share.length;
    const base = TICKS_PX + (lane + 1) * laneHeight;
    load.share.forEach((share, i) => {
      const height = share * (laneHeight - 3);
      if (height > 0) renderer.fillRect(i * bucket, base - height, Math.max(bucket, 0.5), height, color);
    });
    if (laneHeight >= 11) renderer.text(5, base - laneHeight / 2, load.label, theme.text);
    renderer.fillRect(0, base - 0.5, width, 0.5, theme.rowLine);
  });
  const bucket = width / Math.max(1, scene.ticks.length);
  scene.ticks.forEach((count, i) => {
    if (count > 0) renderer.fillRect(i * bucket, 0, Math.max(1.5, bucket), TICKS_PX - 1, theme.hit);
  });
  for (const mark of scene.marks)
    renderer.fillRect(cssFromTrace(bounds, width, mark.start), 0, 2, OVERVIEW_PX, theme.mark);
  const left = cssFromTrace(bounds, width, scene.view.start);
  const right = cssFromTrace(bounds, width, scene.view.end);
  renderer.alpha(0.72, () => {
    renderer.fillRect(0, 0, left, OVERVIEW_PX, theme.background);
    renderer.fillRect(right, 0, width - right, OVERVIEW_PX, theme.background);
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

export function Overview() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current!;
    const renderer = new CanvasRenderer(element);
    let dragged: TimeWindow | null = null;
    const draw = () => {
      const { width } = store.viewport.value;
      const isDark = store.isDark.value;
      renderer.begin(width, OVERVIEW_PX, (isDark ? DARK : LIGHT).background);
      drawOverview(renderer, {
        width,
        bounds: store.bounds.value,
        view: store.view.value,
        loads: loads.value,
        ticks: store.search.value.result?.ticks ?? [],
        marks: store.marks.value,
        dragged,
        isDark,
      });
    };
    const stop = effect(draw);
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.preventDefault();
      element.setPointerCapture(event.pointerId);
      const { width } = store.viewport.value;
      const box = element.getBoundingClientRect();
      const bounds = store.bounds.value;
      const start = store.view.value;
      const x0 = event.clientX - box.left;
      const left = cssFromTrace(bounds, width, start.start);
      const right = cssFromTrace(bounds, width, start.end);
      const isWhole = spanOf(start) > spanOf(bounds) * 0.98;
      const mode = isWhole
        ? "zoom"
        : Math.abs(x0 - left) <= EDGE_PX
          ? "left"
          : Math.abs(x0 - right) <= EDGE_PX
            ? "right"
            : x0 > left && x0 < right && right - left > 3 * EDGE_PX
              ? "pan"
              : "zoom";
      let moved = false;
      const move = (next: PointerEvent) => {
        const x = Math.min(Math.max(next.clientX - box.left, 0), width);
        if (Math.abs(x - x0) > 3) moved = true;
        if (!moved) return;
        const nanos = traceFromCss(bounds, width, x);
        const from = traceFromCss(bounds, width, x0);
        if (mode === "pan") store.setView({ start: start.start + nanos - from, end: start.end + nanos - from });
        else if (mode === "left") store.setView({ start: Math.min(nanos, start.end - 10), end: start.end });
        else if (mode === "right") store.setView({ start: start.start, end: Math.max(nanos, start.start + 10) });
        else {
          dragged = { start: Math.min(from, nanos), end: Math.max(from, nanos) };
          draw();
        }
      };
      const up = () => {
        element.removeEventListener("pointermove", move);
        element.removeEventListener("pointerup", up);
        element.removeEventListener("pointercancel", up);
        if (dragged !== null) {
          controller.value?.glideTo(dragged);
          dragged = null;
          draw();
        } else if (!moved) controller.value?.centerAt(traceFromCss(bounds, width, x0));
      };
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", up);
      element.addEventListener("pointercancel", up);
    };
    element.addEventListener("pointerdown", down);
    return () => {
      stop();
      element.removeEventListener("pointerdown", down);
    };
  }, []);
  return (
    <canvas
      ref={canvas}
      class="overview-canvas"
      role="img"
      aria-label="Overview of the whole trace. Drag to zoom to a range."
    />
  );
}
