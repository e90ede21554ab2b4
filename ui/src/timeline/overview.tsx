// The strip above the timeline: how busy CPU and GPU are over the whole trace, where the view is, hits and marks.
// Dragging in it zooms to the dragged range; dragging the view's frame or its edges moves or resizes the view.
import { useEffect, useRef } from "preact/hooks";
import { effect } from "@preact/signals";
import { cssFromTrace, spanOf, type TimeWindow, traceFromCss } from "../base/geom.ts";
import { DARK, LIGHT } from "../render/palette.ts";
import { CanvasRenderer } from "../render/renderer.ts";
import * as store from "../state/store.ts";
import { controller, loads } from "./controller.ts";
import { drawOverview, OVERVIEW_PX } from "./draw_overview.ts";

const EDGE_PX = 6;

export function Overview() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current!;
    const renderer = new CanvasRenderer(element);
    let dragged: TimeWindow | null = null;
    const draw = () => {
      const { width } = store.viewport.value;
      const theme = store.isDark.value ? DARK : LIGHT;
      renderer.begin(width, OVERVIEW_PX, theme.background);
      drawOverview(renderer, {
        width,
        bounds: store.bounds.value,
        view: store.view.value,
        loads: loads.value,
        ticks: store.search.value.result?.ticks ?? [],
        marks: store.marks.value,
        dragged,
        theme,
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
