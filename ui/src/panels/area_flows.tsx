// Flows of an area: from which track to which, how many, and how long from start to start. They are also drawn over the
// tracks while the list is seen.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AreaFlows, FlowArrow, FlowGroup } from "../api/types.ts";
import { formatCount, formatNanos, formatNanosShort, formatNumberOf } from "../base/format.ts";
import * as store from "../state/store.ts";
import { goToSlice } from "./jump.ts";
import { ExportButtons, Grid } from "./widgets.tsx";

/** Arrows that are drawn: more would only cover each other. All flows are counted. */
const DRAWN = 1000;

type Delay = "min" | "mean" | "p50" | "p99" | "max";
const DELAYS: Delay[] = ["min", "mean", "p50", "p99", "max"];
const COLUMNS = ["flow", "from", "to", "count", ...DELAYS, "first", "longest"];

function ArrowLink({ arrow }: { arrow: FlowArrow }) {
  return (
    <button
      class="link"
      title={`${arrow.from.name} → ${arrow.to.name}`}
      onClick={() => void goToSlice(arrow.to.slice)}
      aria-label={`Go to ${arrow.to.name}, which ${arrow.from.name} leads to`}
    >
      {arrow.to.name}
    </button>
  );
}

export function AreaFlowsPanel({ area }: { area: Extract<store.Selection, { kind: "area" }> }) {
  const flows = useSignal<AreaFlows | null>(null);
  const sort = useSignal({ column: 3, isDescending: true });
  useEffect(() => {
    flows.value = null;
    const abort = new AbortController();
    const body = { start: area.start, end: area.end, tracks: store.areaTracks(area.tracks), limit: DRAWN };
    store.trace.value?.client.areaFlows(body, abort.signal).then((answer) => {
      flows.value = answer;
      store.areaArrows.value = answer.arrows;
    }, store.reportError);
    return () => {
      abort.abort();
      store.areaArrows.value = [];
    };
  }, [area]);
  const textOf = (group: FlowGroup, column: number): string | number =>
    [
      group.name,
      store.trackName(group.from_track),
      store.trackName(group.to_track),
      group.count,
      ...DELAYS.map((each) => group[each]),
      group.first.to.name,
      group.longest.to.name,
    ][column]!;
  const rows = useComputed(() => {
    const { column, isDescending } = sort.value;
    const sign = isDescending ? -1 : 1;
    return [...(flows.value?.groups ?? [])].sort((a, b) => {
      const [x, y] = [textOf(a, column), textOf(b, column)];
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
    });
  });
  const data = flows.value;
  if (data === null) return <p class="faint pad">Following flows…</p>;
  if (data.total === 0) {
    return (
      <p class="faint pad">
        No flow leads from one of these tracks to another in this window. Select the rows at both ends, such as a thread
        and a stream.
      </p>
    );
  }
  return (
    <div class="area-table">
      <div class="bar-line">
        <span class="faint">
          {formatNumberOf(data.total, "flow")} in {formatNumberOf(data.groups.length, "group")}; times are from start to
          start
          {data.total > data.arrows.length && `; the first ${formatCount(data.arrows.length)} are drawn`}
        </span>
        <span class="spacer" />
        <ExportButtons
          name="flows"
          table={() => ({
            columns: COLUMNS,
            numRows: rows.value.length,
            cell: (row, column) => textOf(rows.value[row]!, column),
          })}
        />
      </div>
      <Grid
        label="Flows of the area"
        columns={[
          { name: "flow", isNumber: false, width: 110 },
          { name: "from", isNumber: false, width: 200, grows: true },
          { name: "to", isNumber: false, width: 200, grows: true },
          { name: "count", isNumber: true, width: 80 },
          ...DELAYS.map((name) => ({ name, isNumber: true, width: 92 })),
          { name: "first", isNumber: false, width: 180 },
          { name: "longest", isNumber: false, width: 180 },
        ]}
        numRows={rows.value.length}
        sort={sort.value}
        onSort={(column) => {
          const isSame = sort.value.column === column;
          sort.value = { column, isDescending: isSame ? !sort.value.isDescending : column >= 3 && column <= 8 };
        }}
        cell={(row, column) => {
          const group = rows.value[row]!;
          if (column === 9) return <ArrowLink arrow={group.first} />;
          if (column === 10) return <ArrowLink arrow={group.longest} />;
          const value = textOf(group, column);
          if (column === 3) return formatCount(group.count);
          if (typeof value === "number")
            return <span title={formatNanos(Math.round(value))}>{formatNanosShort(value)}</span>;
          return <span title={value}>{value}</span>;
        }}
      />
    </div>
  );
}
