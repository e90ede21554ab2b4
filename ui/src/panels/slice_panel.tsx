// Everything about the selected slice: what and where it is, how it was launched, what it waited for, its arguments,
// and how it compares with others of its name.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { ArgNode, GpuDetails, NameStatistics, SliceDetails } from "../api/types.ts";
import {
  ellipsizeMiddle,
  formatBytes,
  formatCount,
  formatNanos,
  formatNanosShort,
  formatPercent,
  formatWallTime,
} from "../base/format.ts";
import { CLASS_NAMES } from "../render/palette.ts";
import * as store from "../state/store.ts";
import { convertToArea, focusSelection } from "./jump.ts";
import { runSearch } from "./search.ts";
import { SliceLink, Time } from "./widgets.tsx";

function Field({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{children}</td>
    </tr>
  );
}

function Args({ args, level }: { args: readonly ArgNode[]; level: number }) {
  return (
    <>
      {args.map((arg) => (
        <ArgRow key={arg.key} arg={arg} level={level} />
      ))}
    </>
  );
}
function ArgRow({ arg, level }: { arg: ArgNode; level: number }) {
  const isOpen = useSignal(level < 2);
  const hasChildren = arg.children.length > 0;
  return (
    <>
      <tr>
        <th scope="row" style={{ paddingLeft: `${level * 12}px` }}>
          {hasChildren ? (
            <button class="link plain" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>
              {isOpen.value ? "▾" : "▸"} {arg.key}
            </button>
          ) : (
            arg.key
          )}
        </th>
        <td>
          {!hasChildren && (
            <button
              class="value"
              title="Search slices with this value"
              onClick={() => void findValue(String(arg.value))}
            >
              {arg.value === null ? "null" : typeof arg.value === "number" ? String(arg.value) : String(arg.value)}
            </button>
          )}
        </td>
      </tr>
      {hasChildren && isOpen.value && <Args args={arg.children} level={level + 1} />}
    </>
  );
}
async function findValue(value: string): Promise<void> {
  store.openDrawer("search");
  await runSearch(value, ["arg_value"]);
}

const triple = (value: readonly number[] | null): string | null => (value === null ? null : value.join(" × "));

function gpuFields(gpu: GpuDetails): [string, string][] {
  const fields: [string, string | null][] = [
    ["Grid", triple(gpu.grid)],
    ["Block", triple(gpu.block)],
    ["Registers", gpu.registers_per_thread === null ? null : `${gpu.registers_per_thread} per thread`],
    ["Static shared memory", gpu.static_shared_bytes === null ? null : formatBytes(gpu.static_shared_bytes)],
    ["Dynamic shared memory", gpu.dynamic_shared_bytes === null ? null : formatBytes(gpu.dynamic_shared_bytes)],
    ["Occupancy (estimated)", gpu.occupancy_percent === null ? null : formatPercent(gpu.occupancy_percent)],
    ["Warps per SM", gpu.warps_per_sm === null ? null : String(gpu.warps_per_sm)],
    ["Blocks per SM", gpu.blocks_per_sm === null ? null : String(gpu.blocks_per_sm)],
    ["Copied", gpu.bytes === null ? null : `${formatBytes(gpu.bytes)} (${formatCount(gpu.bytes)} B)`],
    [
      "Bandwidth",
      gpu.bandwidth_bytes_per_second === null ? null : `${(gpu.bandwidth_bytes_per_second / 1e9).toFixed(2)} GB/s`,
    ],
    ["Kind of copy", gpu.copy_kind],
    ["Graph", gpu.graph_id === null ? null : String(gpu.graph_id)],
    ["Graph node", gpu.graph_node_id === null ? null : String(gpu.graph_node_id)],
    ["Correlation", gpu.correlation === null ? null : String(gpu.correlation)],
  ];
  return fields.filter((field): field is [string, string] => field[1] !== null);
}

function Histogram({ statistics, dur }: { statistics: NameStatistics; dur: number | null }) {
  const buckets = [...statistics.buckets].sort((a, b) => a.from - b.from);
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  return (
    <div
      class="histogram"
      role="img"
      aria-label={`Durations of ${statistics.count} slices, ${formatNanosShort(statistics.min)} to ${formatNanosShort(statistics.max)}`}
    >
      {buckets.map((bucket) => (
        <div
          key={bucket.from}
          class={dur !== null && dur >= bucket.from && dur < bucket.to ? "bar own" : "bar"}
          style={{ height: `${Math.max(2, (bucket.count / most) * 100)}%` }}
          title={`${formatNanosShort(bucket.from)} to ${formatNanosShort(bucket.to)}: ${formatCount(bucket.count)}`}
        />
      ))}
    </div>
  );
}

function SameName({ details }: { details: SliceDetails }) {
  const statistics = useSignal<NameStatistics | null>(null);
  useEffect(() => {
    statistics.value = null;
    const abort = new AbortController();
    store.trace.value?.client
      .sameName(details.id, abort.signal)
      .then((answer) => (statistics.value = answer), store.reportError);
    return () => abort.abort();
  }, [details.id]);
  const s = statistics.value;
  if (s === null) return <p class="faint">Looking at all slices of this name…</p>;
  const rows: [string, number][] = [
    ["min", s.min],
    ["p50", s.p50],
    ["mean", s.mean],
    ["p75", s.p75],
    ["p90", s.p90],
    ["p95", s.p95],
    ["p99", s.p99],
    ["p99.9", s.p999],
    ["max", s.max],
  ];
  return (
    <>
      <p>
        <b class="num">{formatCount(s.count)}</b> slices, <b class="num">{formatNanosShort(s.total)}</b> in total.{" "}
        {s.count > 1 && (
          <>
            <b class="num">{formatCount(s.rank_of_this)}</b> are shorter than this one (
            {formatPercent((100 * s.rank_of_this) / (s.count - 1))}).
          </>
        )}
      </p>
      {s.buckets.length > 0 && <Histogram statistics={s} dur={details.dur} />}
      <div class="quantiles">
        {rows.map(([name, value]) => (
          <div key={name}>
            <span class="faint">{name}</span>
            <span class="num">{formatNanosShort(value)}</span>
          </div>
        ))}
      </div>
      <button class="small" onClick={() => void runSearch(s.name, ["name"]).then(() => store.openDrawer("search"))}>
        List all of this name
      </button>
    </>
  );
}

function Launch({ details }: { details: SliceDetails }) {
  const { launch } = details;
  return (
    <>
      {launch !== null && (
        <section>
          <h3>Launched by</h3>
          <table class="fields">
            <Field name="Call">
              <SliceLink id={launch.api_slice}>{launch.api_name}</SliceLink>
            </Field>
            <Field name="Duration of the call">
              <Time nanos={launch.api_dur} />
            </Field>
            {launch.launch_delay !== null && (
              <Field name="Launch delay">
                <Time nanos={launch.launch_delay} />{" "}
                <span class="faint">from the call's start to the start on the GPU</span>
              </Field>
            )}
            {launch.queue_delay !== null && (
              <Field name="Queue delay">
                <Time nanos={launch.queue_delay} />{" "}
                <span class="faint">since the call returned and the stream was free</span>
              </Field>
            )}
          </table>
        </section>
      )}
      {details.num_launched > 0 && (
        <section>
          <h3>
            Launched {formatCount(details.num_launched)} on the GPU
            {details.num_launched > details.launched.length && `, the first ${details.launched.length} are`}
          </h3>
          <ul class="links">
            {details.launched.map((work) => (
              <li key={work.slice}>
                <SliceLink id={work.slice}>{ellipsizeMiddle(work.name, 90)}</SliceLink> <Time nanos={work.dur} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Flows({ id }: { id: number }) {
  const arrows = store.arrows.value.filter((arrow) => arrow.kind === "flow");
  const sides = [
    { title: "Preceding flows", list: arrows.filter((arrow) => arrow.to.slice === id), other: "from" as const },
    { title: "Following flows", list: arrows.filter((arrow) => arrow.from.slice === id), other: "to" as const },
  ].filter((side) => side.list.length > 0);
  return (
    <>
      {sides.map((side) => (
        <section key={side.title}>
          <h3>
            {side.title} ({side.list.length})
          </h3>
          <ul class="links">
            {side.list.map((arrow, i) => (
              <li key={i}>
                <span class="chip">{arrow.name}</span>{" "}
                <SliceLink id={arrow[side.other].slice}>{ellipsizeMiddle(arrow[side.other].name, 90)}</SliceLink>{" "}
                <span class="faint">after</span> <Time nanos={arrow.to.ts - arrow.from.ts} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

/** The words of the API for classes, at the numbers that viewports use. */
const CLASS_WORDS = [
  "none",
  "gemm",
  "attention",
  "softmax_norm",
  "moe",
  "communication",
  "copy",
  "set",
  "other",
  "annotation",
];

function classNumber(value: SliceDetails["class"]): number {
  return typeof value === "string" ? Math.max(0, CLASS_WORDS.indexOf(value)) : (value ?? 0);
}

/** How many of the slices around one are shown at first: Python stacks are deep, and the nearest frames tell most. */
const MAX_AROUND = 4;

function Around({ details }: { details: SliceDetails }) {
  const isWhole = useSignal(false);
  const { stack } = details;
  if (stack.length === 0) return null;
  const shown = isWhole.value ? stack : stack.slice(-MAX_AROUND);
  const hidden = stack.length - shown.length;
  return (
    <nav class="stack" aria-label="Slices around this one">
      {hidden > 0 && (
        <>
          <button class="link" onClick={() => (isWhole.value = true)}>
            {hidden} more
          </button>{" "}
          ›{" "}
        </>
      )}
      {shown.map((up) => (
        <span key={up.id}>
          <SliceLink id={up.id}>{up.name}</SliceLink> ›{" "}
        </span>
      ))}
    </nav>
  );
}

export function SlicePanel() {
  const selected = store.selection.value;
  const details = store.sliceDetails.value;
  if (selected.kind !== "slice") return null;
  if (details === null || details.id !== selected.id) return <p class="faint pad">Reading slice {selected.id}…</p>;
  const overview = store.trace.value!.overview;
  const window = store.view.value;
  const end = details.dur === null ? store.bounds.value.end : details.ts + details.dur;
  const inWindow = Math.max(0, Math.min(end, window.end) - Math.max(details.ts, window.start));
  const { timeFormat } = store.settings.value;
  const kernelClass = classNumber(details.class);
  // Sources write a stream as a thread of a process; it is a stream of a GPU.
  const isStream = details.stream !== null && details.thread?.role === "gpu stream";
  return (
    <div class="slice-panel">
      <div class="slice-head">
        <h2 title={details.name}>{details.name}</h2>
        <span class="buttons">
          {store.areaBefore.value !== null && (
            <button class="small" onClick={() => store.select(store.areaBefore.value!)}>
              ‹ Back to the area
            </button>
          )}
          <button class="small" onClick={focusSelection} title="F">
            Show
          </button>
          <button class="small" onClick={convertToArea} title="R">
            As area
          </button>
          <button
            class="small"
            onClick={() =>
              navigator.clipboard.writeText(details.name).then(() => store.notify("Name copied."), store.reportError)
            }
          >
            Copy name
          </button>
        </span>
      </div>
      <Around key={details.id} details={details} />
      <div class="columns">
        <section>
          <h3>Slice</h3>
          <table class="fields">
            <Field name="Duration">
              {details.dur === null ? (
                <span>never ended</span>
              ) : (
                <b class="num">{formatNanos(details.dur, timeFormat)}</b>
              )}
            </Field>
            {details.self_dur !== null && details.self_dur !== details.dur && (
              <Field name="Self time">
                <Time nanos={details.self_dur} />
              </Field>
            )}
            <Field name="Start">
              <Time nanos={details.ts} />
            </Field>
            <Field name="End">{details.dur === null ? "–" : <Time nanos={details.ts + details.dur} />}</Field>
            {overview.unix_start_ns !== null && (
              <Field name="Wall time">
                <span class="num">{formatWallTime(overview.unix_start_ns, details.ts)}</span>
              </Field>
            )}
            {details.percent_of_parent !== null && (
              <Field name="Of its parent">{formatPercent(details.percent_of_parent)}</Field>
            )}
            <Field name="Of the window">{formatPercent((100 * inWindow) / (window.end - window.start))}</Field>
            {details.category !== null && <Field name="Category">{details.category}</Field>}
            {kernelClass > 0 && (
              <Field name="Class">
                <span class={`chip class-${kernelClass}`}>{CLASS_NAMES[kernelClass]}</span>
              </Field>
            )}
            {details.thread !== null && !isStream && (
              <Field name="Thread">
                {details.thread.name ?? "unnamed"} <span class="faint">tid {details.thread.tid ?? "unknown"}</span>
                {details.thread.role !== null && <span class="chip">{details.thread.role}</span>}
              </Field>
            )}
            {details.process !== null && !(isStream && details.process.name === null) && (
              <Field name="Process">
                {details.process.name ?? "unnamed"} <span class="faint">pid {details.process.pid ?? "unknown"}</span>
              </Field>
            )}
            {details.device !== null && <Field name="GPU">{details.device.name ?? `GPU ${details.device.id}`}</Field>}
            {details.stream !== null && <Field name="Stream">{details.stream.name ?? details.stream.id}</Field>}
            {details.rank !== null && <Field name="Rank">{details.rank}</Field>}
            <Field name="Id">
              {details.id}{" "}
              <span class="faint">
                depth {details.depth}, track {details.track_id}
              </span>
            </Field>
            {details.origin !== null && (
              <Field name="Origin">
                <span class="faint">
                  {details.origin.source}, byte {formatCount(details.origin.offset)}
                </span>
              </Field>
            )}
          </table>
        </section>
        <div>
          {details.gpu !== null && (
            <section>
              <h3>On the GPU</h3>
              <table class="fields">
                {gpuFields(details.gpu).map(([name, value]) => (
                  <Field key={name} name={name}>
                    <span class="num">{value}</span>
                  </Field>
                ))}
              </table>
            </section>
          )}
          <Launch details={details} />
          <Flows id={details.id} />
          {details.async_chain.length > 0 && (
            <section>
              <h3>Same async id</h3>
              <ul class="links">
                {details.async_chain.map((each) => (
                  <li key={each.id}>
                    <SliceLink id={each.id}>{each.name}</SliceLink> <Time nanos={each.ts} />
                  </li>
                ))}
              </ul>
            </section>
          )}
          {details.python_stack.length > 0 && (
            <section>
              <h3>Python stack</h3>
              <ol class="links">
                {[...details.python_stack].reverse().map((frame) => (
                  <li key={frame.id}>
                    <SliceLink id={frame.id}>{frame.name}</SliceLink>
                  </li>
                ))}
              </ol>
            </section>
          )}
        </div>
        <section>
          <h3>Arguments</h3>
          {details.args.length === 0 ? (
            <p class="faint">This event has none.</p>
          ) : (
            <table class="fields args">
              <Args args={details.args} level={0} />
            </table>
          )}
        </section>
        <section>
          <h3>Same name in the whole trace</h3>
          <SameName details={details} />
        </section>
      </div>
    </div>
  );
}
