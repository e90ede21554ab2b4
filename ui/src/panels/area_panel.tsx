// What happened in a selected area: a table by name, category, class or track, how busy the GPUs were, a flame graph.
import { signal, useComputed, useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { cellAt } from "../api/query_stream.ts";
import type { AreaGrouping, AreaRow, AreaTable, FlameGraph } from "../api/types.ts";
import {
  ellipsizeMiddle,
  formatCount,
  formatNanos,
  formatNanosShort,
  formatNumberOf,
  formatPercent,
  formatValue,
} from "../base/format.ts";
import { PLAIN, unitOf } from "../logic/counter_mode.ts";
import { type CounterSums, counterSums } from "../logic/counter_sums.ts";
import { layoutFlames, type FlameBox } from "../logic/flame_layout.ts";
import { DARK, LIGHT } from "../render/palette.ts";
import { CanvasRenderer } from "../render/renderer.ts";
import * as store from "../state/store.ts";
import { fitText } from "../timeline/draw.ts";
import { runSearch } from "./search.ts";
import { AreaFlowsPanel } from "./area_flows.tsx";
import { GapsLine, useGaps } from "./area_gaps.tsx";
import { ExportButtons, Grid } from "./widgets.tsx";

type Numeric = Exclude<keyof AreaRow, "label" | "name" | "category" | "class" | "track_id">;
const COLUMNS: { key: Numeric; name: string; width: number; show: (value: number) => string }[] = [
  { key: "count", name: "count", width: 80, show: formatCount },
  { key: "total", name: "total", width: 100, show: formatNanosShort },
  { key: "percent_of_window", name: "% window", width: 84, show: formatPercent },
  { key: "percent_of_gpu_time", name: "% GPU time", width: 94, show: formatPercent },
  { key: "self", name: "self", width: 100, show: formatNanosShort },
  { key: "mean", name: "mean", width: 96, show: formatNanosShort },
  { key: "min", name: "min", width: 96, show: formatNanosShort },
  { key: "p50", name: "p50", width: 96, show: formatNanosShort },
  { key: "p99", name: "p99", width: 96, show: formatNanosShort },
  { key: "max", name: "max", width: 96, show: formatNanosShort },
];
const GROUPINGS: AreaGrouping[] = ["name", "category", "class", "track"];
type Area = Extract<store.Selection, { kind: "area" }>;

function Table({ area }: { area: Area }) {
  const by = useSignal<AreaGrouping>("name");
  const table = useSignal<AreaTable | null>(null);
  const filter = useSignal("");
  const sort = useSignal({ column: 2, isDescending: true });
  useEffect(() => {
    table.value = null;
    const abort = new AbortController();
    const body = { start: area.start, end: area.end, tracks: store.areaTracks(area.tracks), by: by.value };
    store.trace.value?.client.area(body, abort.signal).then((answer) => (table.value = answer), store.reportError);
    return () => abort.abort();
  }, [area, by.value]);
  const rows = useComputed(() => {
    const text = filter.value.toLowerCase();
    const named = (table.value?.rows ?? []).map((row) =>
      by.value === "track" && row.track_id !== null ? { ...row, label: store.trackName(row.track_id) } : row,
    );
    const list = named.filter((row) => row.label.toLowerCase().includes(text));
    const { column, isDescending } = sort.value;
    const sign = isDescending ? -1 : 1;
    if (column === 0) return list.sort((a, b) => sign * a.label.localeCompare(b.label));
    const { key } = COLUMNS[column - 1]!;
    return list.sort((a, b) => sign * ((a[key] ?? -1) - (b[key] ?? -1)));
  });
  const data = table.value;
  const gaps = useGaps(area, (data?.gpu.length ?? 0) > 0);
  const hasGpu = data?.rows.some((row) => row.percent_of_gpu_time !== null) ?? false;
  const shown = COLUMNS.filter((column) => hasGpu || column.key !== "percent_of_gpu_time");
  return (
    <div class="area-table">
      <div class="bar-line">
        <span class="segments" role="group" aria-label="Group by">
          {GROUPINGS.map((each) => (
            <button
              key={each}
              aria-pressed={by.value === each}
              class={by.value === each ? "active" : ""}
              onClick={() => (by.value = each)}
            >
              {each}
            </button>
          ))}
        </span>
        <input
          type="search"
          placeholder="Filter rows"
          aria-label="Filter rows of the table"
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
        {data !== null && (
          <span class="faint">
            {formatCount(rows.value.length)} of {formatCount(data.rows.length)} rows, {formatCount(data.num_slices)}{" "}
            slices
          </span>
        )}
        <span class="spacer" />
        <ExportButtons
          name="area"
          table={() => ({
            columns: [by.value, ...shown.map((column) => column.key)],
            numRows: rows.value.length,
            cell: (row, column) => (column === 0 ? rows.value[row]!.label : rows.value[row]![shown[column - 1]!.key]),
          })}
        />
      </div>
      {data !== null && data.gpu.length > 0 && (
        <div class="gpu-lines">
          {data.gpu.map((gpu) => (
            <Fragment key={gpu.device}>
              <div class="gpu-line">
                <span>{gpu.name ?? `GPU ${gpu.device}`}</span>
                <span class="meter" role="img" aria-label={`${formatPercent(gpu.percent_busy)} busy`}>
                  <span style={{ width: `${Math.min(100, gpu.percent_busy)}%` }} />
                </span>
                <b class="num">{formatPercent(gpu.percent_busy)} busy</b>
                <span class="faint num">
                  {formatNanosShort(gpu.busy)} busy, {formatNanosShort(gpu.idle)} idle
                </span>
              </div>
              {gaps.has(gpu.device) && <GapsLine gaps={gaps.get(gpu.device)!} />}
            </Fragment>
          ))}
        </div>
      )}
      {data === null ? (
        <p class="faint pad">Adding up…</p>
      ) : (
        <Grid
          label="Slices of the area"
          columns={[
            { name: by.value, isNumber: false, width: 320, grows: true },
            ...shown.map((each) => ({ name: each.name, isNumber: true, width: each.width })),
          ]}
          numRows={rows.value.length}
          sort={{
            ...sort.value,
            column: sort.value.column === 0 ? 0 : 1 + shown.indexOf(COLUMNS[sort.value.column - 1]!),
          }}
          onSort={(shownColumn) => {
            const column = shownColumn === 0 ? 0 : 1 + COLUMNS.indexOf(shown[shownColumn - 1]!);
            sort.value = {
              column,
              isDescending: sort.value.column === column ? !sort.value.isDescending : column !== 0,
            };
          }}
          cell={(row, column) => {
            const each = rows.value[row]!;
            if (column === 0) {
              return by.value === "name" ? (
                <button
                  class="link"
                  title={`${each.label}\nSearch for it`}
                  onClick={() => void runSearch(each.label, ["name"]).then(() => store.openDrawer("search"))}
                >
                  {each.label}
                </button>
              ) : (
                <span title={each.label}>{each.label}</span>
              );
            }
            const { key, show } = shown[column - 1]!;
            const value = each[key];
            return value === null ? (
              ""
            ) : (
              <span title={key === "count" || key.startsWith("percent") ? undefined : formatNanos(Math.round(value))}>
                {show(value)}
              </span>
            );
          }}
        />
      )}
    </div>
  );
}

const FLAME_ROW_PX = 18;
function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) >>> 0;
  return hash;
}

function Flames({ area }: { area: Area }) {
  const direction = useSignal<"top_down" | "bottom_up">("top_down");
  const graph = useSignal<FlameGraph | null>(null);
  const root = useSignal(-1);
  const hover = useSignal<{ node: number; x: number; y: number } | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const boxes = useRef<FlameBox[]>([]);
  useEffect(() => {
    graph.value = null;
    root.value = -1;
    const abort = new AbortController();
    const body = {
      start: area.start,
      end: area.end,
      tracks: store.areaTracks(area.tracks),
      direction: direction.value,
    };
    store.trace.value?.client
      .flamegraph(body, abort.signal)
      .then((answer) => (graph.value = answer), store.reportError);
    return () => abort.abort();
  }, [area, direction.value]);
  const data = graph.value;
  const dark = store.isDark.value;
  useEffect(() => {
    const element = canvas.current;
    if (data === null || element === null) return;
    const draw = () => {
      boxes.current = layoutFlames(data, root.value);
      const theme = dark ? DARK : LIGHT;
      const width = element.parentElement!.clientWidth;
      const depths = boxes.current.reduce((most, box) => Math.max(most, box.depth + 1), 1);
      const height = depths * FLAME_ROW_PX + 4;
      element.style.height = `${height}px`;
      const renderer = new CanvasRenderer(element);
      renderer.begin(width, height, theme.background);
      for (const box of boxes.current) {
        const w = box.width * width;
        if (w < 0.3) continue;
        const name = data.nodes.name[box.node]!;
        const color = theme.names[hashOf(name) % theme.names.length]!;
        renderer.fillRect(
          box.start * width,
          box.depth * FLAME_ROW_PX,
          Math.max(0.5, w - 0.75),
          FLAME_ROW_PX - 1,
          color,
        );
        if (w > 24) {
          const text = fitText(renderer, name, w - 8);
          renderer.text(box.start * width + 4, box.depth * FLAME_ROW_PX + FLAME_ROW_PX / 2, text, theme.onBlock);
        }
      }
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(element.parentElement!);
    return () => observer.disconnect();
  }, [data, root.value, dark]);
  const boxAt = (event: MouseEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width;
    const depth = Math.floor((event.clientY - box.top) / FLAME_ROW_PX);
    return boxes.current.find((each) => each.depth === depth && at >= each.start && at < each.start + each.width);
  };
  const over = hover.value;
  return (
    <div class="flames">
      <div class="bar-line">
        <span class="segments" role="group" aria-label="Direction">
          {(["top_down", "bottom_up"] as const).map((each) => (
            <button
              key={each}
              aria-pressed={direction.value === each}
              class={direction.value === each ? "active" : ""}
              onClick={() => (direction.value = each)}
            >
              {each.replace("_", "-")}
            </button>
          ))}
        </span>
        {root.value >= 0 && (
          <button class="small" onClick={() => (root.value = -1)}>
            Show all
          </button>
        )}
        {data !== null && (
          <span class="faint">{formatNanosShort(data.total)} in total; click a frame to zoom into it</span>
        )}
      </div>
      <div class="flame-scroll">
        {data === null && <p class="faint pad">Putting stacks together…</p>}
        {data !== null && data.nodes.parent.length === 0 && <p class="faint pad">No slices in this area.</p>}
        <canvas
          ref={canvas}
          role="img"
          aria-label="Flame graph of the area"
          onClick={(event) => {
            const box = boxAt(event);
            if (box !== undefined) root.value = box.node;
          }}
          onMouseMove={(event) => {
            const box = boxAt(event);
            hover.value = box === undefined ? null : { node: box.node, x: event.clientX, y: event.clientY };
          }}
          onMouseLeave={() => (hover.value = null)}
        />
      </div>
      {over !== null && data !== null && data.nodes.name[over.node] !== undefined && (
        <div
          class="tooltip fixed"
          style={{ left: `${Math.min(over.x + 12, window.innerWidth - 380)}px`, top: `${Math.max(4, over.y - 90)}px` }}
        >
          <div class="tooltip-name">{ellipsizeMiddle(data.nodes.name[over.node]!, 200)}</div>
          <div>
            <b>{formatNanosShort(data.nodes.total[over.node]!)}</b> total,{" "}
            {formatPercent((100 * data.nodes.total[over.node]!) / Math.max(1, data.total))}
          </div>
          <div>
            {formatNanosShort(data.nodes.self[over.node]!)} self, {formatCount(data.nodes.count[over.node]!)} slices
          </div>
        </div>
      )}
    </div>
  );
}

type CounterRow = CounterSums & { track: number };
type CounterNumber = Exclude<keyof CounterRow, "track" | "count">;
const COUNTER_NUMBERS: { key: CounterNumber; name: string }[] = [
  { key: "delta", name: "delta" },
  { key: "rate", name: "rate" },
  { key: "mean", name: "mean over time" },
  { key: "first", name: "first" },
  { key: "last", name: "last" },
  { key: "min", name: "min" },
  { key: "max", name: "max" },
];

/** Each sample holds until the next one, the last one until the end of the area. */
function counterQuery(area: Area, tracks: readonly number[]): string {
  const [start, end] = [store.sqlTimeOf(area.start), store.sqlTimeOf(area.end)];
  const held = `(coalesce(next, ${end}) - ts)`;
  return (
    "with v as (select track_id, ts, value, lead(ts) over w as next, row_number() over w as n, " +
    "count(*) over (partition by track_id) as count from counter " +
    `where ts >= ${start} and ts < ${end} and track_id in (${tracks.join(",")}) ` +
    "window w as (partition by track_id order by ts)) " +
    `select track_id, max(count) as count, sum(value * ${held}) / sum(${held}) as mean, ` +
    "sum(case when n = 1 then value end) as first, sum(case when n = count then value end) as last, " +
    "min(value) as min, max(value) as max, max(ts) - min(ts) as time from v group by track_id"
  );
}

async function rowsByQuery(trace: store.LoadedTrace, area: Area, tracks: readonly number[], signal: AbortSignal) {
  const result = await trace.client.query(counterQuery(area, tracks), "area", signal);
  if (result.error !== null) store.notify(result.error.message, result.error.hint, true);
  const set = result.sets[0];
  return Array.from({ length: set?.num_rows ?? 0 }, (_, row): CounterRow => {
    const number = (column: number) => Number(cellAt(set!, row, column));
    const [first, last, nanos] = [number(3), number(4), number(7)];
    return {
      track: number(0),
      count: number(1),
      delta: last - first,
      rate: nanos > 0 ? ((last - first) / nanos) * 1e9 : null,
      mean: number(2),
      first,
      last,
      min: number(5),
      max: number(6),
    };
  });
}

/** The same without SQL: an exported file has every sample. */
async function rowsByColumns(trace: store.LoadedTrace, area: Area, tracks: readonly number[], signal: AbortSignal) {
  const body = { start: area.start, end: area.end, px: 1, tracks: [...tracks] };
  return (await trace.client.viewport(body, signal)).flatMap(({ trackId, columns }): CounterRow[] => {
    const sums = columns.kind === "counter" ? counterSums(columns, area) : null;
    return sums === null ? [] : [{ ...sums, track: trackId }];
  });
}

/** The samples of each counter within the area; what holds before its first sample is no sample of it. */
function Counters({ area, tracks }: { area: Area; tracks: readonly number[] }) {
  const rows = useSignal<CounterRow[] | null>(null);
  useEffect(() => {
    rows.value = null;
    const trace = store.trace.value;
    if (trace === null) return;
    const abort = new AbortController();
    const rowsOf = store.isFile.value ? rowsByColumns : rowsByQuery;
    rowsOf(trace, area, tracks, abort.signal).then((found) => (rows.value = found), store.reportError);
    return () => abort.abort();
  }, [area]);
  if (rows.value === null) return <p class="faint pad">Adding up…</p>;
  const list = rows.value;
  const nameOf = (row: CounterRow) => store.trackPlaces.value.get(row.track)?.node.name ?? String(row.track);
  const cell = (row: CounterRow, column: number) => {
    if (column === 0) return <span title={nameOf(row)}>{nameOf(row)}</span>;
    if (column === 1) return formatCount(row.count);
    const { key } = COUNTER_NUMBERS[column - 2]!;
    const value = row[key];
    const unit = store.trackPlaces.value.get(row.track)?.track.unit ?? null;
    return value === null
      ? ""
      : formatValue(value, unitOf(unit, { ...PLAIN, shows: key === "rate" ? "rate" : "value" }));
  };
  const names = ["counter", "samples", ...COUNTER_NUMBERS.map((each) => each.name)];
  return (
    <div class="area-table">
      <div class="bar-line">
        <span class="faint">{formatNumberOf(list.length, "counter")} with samples in the area</span>
        <span class="spacer" />
        <ExportButtons
          name="counters"
          table={() => ({
            columns: names,
            numRows: list.length,
            cell: (row, column) => {
              const each = list[row]!;
              return column === 0 ? nameOf(each) : column === 1 ? each.count : each[COUNTER_NUMBERS[column - 2]!.key];
            },
          })}
        />
      </div>
      <Grid
        label="Counters of the area"
        columns={names.map((name, i) => ({ name, isNumber: i > 0, width: i === 0 ? 300 : 118, grows: i === 0 }))}
        numRows={list.length}
        cell={(row, column) => cell(list[row]!, column)}
      />
    </div>
  );
}

/** Stays as it was chosen from one area to the next. */
const areaView = signal<"table" | "flames" | "counters" | "flows">("table");

export function AreaPanel() {
  const selected = store.selection.value;
  const view = areaView;
  if (selected.kind !== "area") return null;
  const counters = store
    .areaTracks(selected.tracks)
    .filter((id) => store.trackPlaces.value.get(id)?.track.kind === "counter");
  const shown = view.value === "counters" && counters.length === 0 ? "table" : view.value;
  const tracks =
    selected.tracks === null
      ? "all tracks"
      : `${formatCount(selected.tracks.length)} track${selected.tracks.length === 1 ? "" : "s"}`;
  return (
    <div class="area-panel">
      <div class="bar-line">
        <b class="num">{formatNanos(selected.end - selected.start, store.settings.value.timeFormat)}</b>
        <span class="faint">
          from {formatNanos(selected.start, store.settings.value.timeFormat)}, {tracks}
        </span>
        <span class="segments" role="group" aria-label="View of the area">
          <button
            aria-pressed={view.value === "table"}
            class={view.value === "table" ? "active" : ""}
            onClick={() => (view.value = "table")}
          >
            Table
          </button>
          <button
            aria-pressed={view.value === "flames"}
            class={view.value === "flames" ? "active" : ""}
            onClick={() => (view.value = "flames")}
          >
            Flame graph
          </button>
          <button
            aria-pressed={view.value === "flows"}
            class={view.value === "flows" ? "active" : ""}
            onClick={() => (view.value = "flows")}
          >
            Flows
          </button>
          {counters.length > 0 && (
            <button
              aria-pressed={shown === "counters"}
              class={shown === "counters" ? "active" : ""}
              onClick={() => (view.value = "counters")}
            >
              Counters
            </button>
          )}
        </span>
      </div>
      {shown === "table" && <Table area={selected} />}
      {shown === "flames" && <Flames area={selected} />}
      {shown === "flows" && <AreaFlowsPanel area={selected} />}
      {shown === "counters" && <Counters area={selected} tracks={counters} />}
    </div>
  );
}
