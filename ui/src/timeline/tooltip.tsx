// What is under the mouse, in a few lines. Args are asked for only when the mouse rests.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { ArgNode, SliceDetails } from "../api/types.ts";
import { FLAG_NEVER_ENDED } from "../api/viewport_frame.ts";
import { ellipsizeMiddle, formatCount, formatNanos, formatValue } from "../base/format.ts";
import { shownColumns, unitOf } from "../logic/counter_mode.ts";
import { CLASS_NAMES } from "../render/palette.ts";
import * as store from "../state/store.ts";
import { controller, hovered } from "./controller.ts";

const REST_MILLIS = 120;
const rested = signal<SliceDetails | null>(null);

const IMPORTANT_ARGS =
  /^(input dims|input type|grid|block|bytes|stream|concrete inputs|sequence number|collective name|group size|dtype|external id)$/i;

function flat(arg: ArgNode): string {
  if (arg.children.length === 0) return String(arg.value);
  return `[${arg.children.map(flat).join(", ")}]`;
}

function Details({ details }: { details: SliceDetails }) {
  const args = details.args.filter((arg) => IMPORTANT_ARGS.test(arg.key)).slice(0, 5);
  const where = details.thread ?? details.stream;
  return (
    <>
      {details.category !== null && <div class="faint">{details.category}</div>}
      {where !== null && <div class="faint">{where.name ?? ""}</div>}
      {args.map((arg) => (
        <div key={arg.key}>
          <span class="faint">{arg.key}</span> {ellipsizeMiddle(flat(arg), 80)}
        </div>
      ))}
      {details.launch !== null && details.launch.launch_delay !== null && (
        <div>
          <span class="faint">launch delay</span> {formatNanos(details.launch.launch_delay)}
        </div>
      )}
    </>
  );
}

export function Tooltip() {
  const hit = hovered.value;
  const box = useRef<HTMLDivElement>(null);
  const block = hit?.block ?? null;
  const slice = block === null || block.isDebug ? null : block.columns.slice[block.index]!;
  useEffect(() => {
    rested.value = null;
    const client = store.trace.value?.client;
    if (slice === null || client === undefined) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      client.slice(slice, abort.signal).then(
        (details) => (rested.value = details),
        () => undefined, // The tooltip simply stays short; a click would show the error.
      );
    }, REST_MILLIS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [slice]);
  // A thin block's name was not needed until now.
  void controller.value?.loaded.value;
  const known = block === null ? "" : controller.value?.names.get(block.columns.name[block.index]!);
  useEffect(() => {
    if (known === undefined) controller.value?.names.flush();
  });
  const { x, y } = store.mouse.value;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { width, height } = element.getBoundingClientRect();
    const area = store.viewport.value;
    element.style.left = `${Math.max(4, x + 14 + width > area.width ? x - width - 10 : x + 14)}px`;
    element.style.top = `${Math.max(4, y + 18 + height > area.height ? y - height - 8 : y + 18)}px`;
  });
  if (hit === null || (block === null && hit.sample === null)) return null;
  const { timeFormat } = store.settings.value;
  if (block === null) {
    const { columns, index } = hit.sample!;
    const unit = hit.place?.track.unit ?? null;
    const mode = store.modeOf(hit.row.node.key);
    const change = mode.shows === "value" ? null : shownColumns(columns, mode).last[index]!;
    return (
      <div class="tooltip" ref={box}>
        <b>{formatValue(columns.last[index]!, unit)}</b>
        {change !== null && (
          <div>
            {mode.shows} {formatValue(change, unitOf(unit, mode))}
          </div>
        )}
        {columns.min[index] !== columns.max[index] && (
          <div>
            between {formatValue(columns.min[index]!, unit)} and {formatValue(columns.max[index]!, unit)} here
          </div>
        )}
        <div class="faint">
          {hit.row.node.name}, since {formatNanos(columns.ts[index]!, timeFormat)}
        </div>
      </div>
    );
  }
  const { columns, index } = block;
  const count = columns.count[index]!;
  const kernelClass = columns.class[index]!;
  const neverEnded = (columns.flags[index]! & FLAG_NEVER_ENDED) !== 0;
  const name = known ?? "…";
  const details = rested.value?.id === slice ? rested.value : null;
  return (
    <div class="tooltip" ref={box}>
      <div class="tooltip-head">
        <b>
          {details !== null
            ? formatNanos(details.dur ?? columns.dur[index]!, timeFormat)
            : formatNanos(columns.dur[index]!, timeFormat)}
        </b>
        {neverEnded && <span class="chip">never ended</span>}
        {kernelClass > 0 && <span class={`chip class-${kernelClass}`}>{CLASS_NAMES[kernelClass]}</span>}
      </div>
      <div class="tooltip-name">{ellipsizeMiddle(name, 240)}</div>
      {count > 1 && <div class="faint">and {formatCount(count - 1)} shorter ones in the same pixel</div>}
      <div class="faint">at {formatNanos(details?.ts ?? columns.ts[index]!, timeFormat)}</div>
      {details !== null && <Details details={details} />}
    </div>
  );
}
