// What the analysis found, first thing to read: why the GPU was idle, where its time went, with links to the places.
// The JSON is that of `kinetoscope summary --json`; parts that an older or newer server leaves out are not shown.
import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect } from "preact/hooks";
import { ellipsizeMiddle, formatCount, formatNanosShort, formatNumberOf, formatPercent } from "../base/format.ts";
import * as store from "../state/store.ts";
import { controller } from "../timeline/controller.ts";
import { runSearch } from "./search.ts";
import { SliceLink } from "./widgets.tsx";

interface Finding {
  kind: string;
  time_ns: number | null;
  text: string;
  advice: string | null;
  slice_ids: number[];
}
interface Gap {
  start_ns: number;
  dur_ns: number;
  cause: string;
  next_slice_id: number | null;
  next_name: string | null;
  call_slice_id: number | null;
  call_name: string | null;
}
interface DeviceGaps {
  device_id: number;
  num_gaps: number;
  causes: Record<string, { num_gaps: number; sum_ns: number; max_ns: number }>;
  longest: Gap[];
}
interface DeviceTime {
  device_id: number;
  name: string | null;
  rank: number | null;
  span_ns: number;
  busy_ns: number;
  idle_ns: number;
  exposed_comm_ns: number;
  computation: { union_ns: number };
  communication: { union_ns: number };
  memory: { union_ns: number };
}
interface Kernel {
  name: string;
  class: string;
  num_ops: number;
  sum_ns: number;
  mean_ns: number;
  share: number;
}
export interface Summary {
  findings?: Finding[];
  gpu?: { time?: { devices: DeviceTime[] }; gaps?: DeviceGaps[]; kernels?: Kernel[] } | null;
}

const words = (text: string) => text.replace(/_/g, " ");

/** The number that people know a device by is that on its host, and not its place in the trace. */
const deviceName = (id: number): string =>
  `GPU ${store.trace.value?.overview.devices.find((device) => device.id === id)?.ordinal ?? id}`;

function showRange(start: number, end: number): void {
  store.select({ kind: "area", start, end, tracks: null }, "link");
  const span = Math.max(end - start, 100);
  controller.value?.glideTo({ start: start - span, end: end + span });
}

function Busy({ device }: { device: DeviceTime }) {
  const whole = Math.max(1, device.span_ns);
  return (
    <div class="gpu-line">
      <span>
        {device.name ?? deviceName(device.device_id)}
        {device.rank !== null && <span class="faint"> rank {device.rank}</span>}
      </span>
      <span class="meter" role="img" aria-label={`${formatPercent((100 * device.busy_ns) / whole)} busy`}>
        <span style={{ width: `${(100 * device.busy_ns) / whole}%` }} />
      </span>
      <b class="num">{formatPercent((100 * device.busy_ns) / whole)} busy</b>
      <span class="faint num">
        {formatNanosShort(device.idle_ns)} idle of {formatNanosShort(device.span_ns)}; computing{" "}
        {formatNanosShort(device.computation.union_ns)}, communicating {formatNanosShort(device.communication.union_ns)}{" "}
        ({formatNanosShort(device.exposed_comm_ns)} exposed), copying {formatNanosShort(device.memory.union_ns)}
      </span>
    </div>
  );
}

function Gaps({ gaps }: { gaps: DeviceGaps }) {
  const causes = Object.entries(gaps.causes)
    .filter(([, cause]) => cause.num_gaps > 0)
    .sort((a, b) => b[1].sum_ns - a[1].sum_ns);
  return (
    <section>
      <h3>Idle time of {deviceName(gaps.device_id)}</h3>
      <table class="fields">
        {causes.map(([cause, { num_gaps, sum_ns }]) => (
          <tr key={cause}>
            <th scope="row">{words(cause)}</th>
            <td class="num">
              {formatNanosShort(sum_ns)} <span class="faint">in {formatNumberOf(num_gaps, "gap")}</span>
            </td>
          </tr>
        ))}
      </table>
      <h3 class="second">Longest gaps</h3>
      <ul class="links">
        {gaps.longest.slice(0, 8).map((gap) => (
          <li key={gap.start_ns}>
            <button class="link num" onClick={() => showRange(gap.start_ns, gap.start_ns + gap.dur_ns)}>
              {formatNanosShort(gap.dur_ns)}
            </button>{" "}
            <span class="faint">{words(gap.cause)}</span>
            {gap.next_slice_id !== null && gap.next_name !== null && (
              <>
                {" "}
                <span class="faint">before</span>{" "}
                <SliceLink id={gap.next_slice_id}>{ellipsizeMiddle(gap.next_name, 60)}</SliceLink>
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function SummaryPanel() {
  const summary = useSignal<Summary | null>(null);
  const trace = store.trace.value;
  useEffect(() => {
    summary.value = null;
    trace?.client.summary().then((answer) => (summary.value = answer as Summary), store.reportError);
  }, [trace]);
  const data = summary.value;
  if (data === null) return <p class="faint pad">Analysing the whole trace…</p>;
  const kernels = (data.gpu?.kernels ?? []).slice(0, 12);
  return (
    <div class="pad summary">
      {(data.findings ?? []).length === 0 ? (
        <p>Nothing stands out.</p>
      ) : (
        <ol class="findings">
          {data.findings!.map((finding, i) => (
            <li key={i}>
              <b>{finding.text}</b>
              {finding.advice !== null && <div class="faint">{finding.advice}</div>}
              {finding.slice_ids.slice(0, 5).map((id, n) => (
                <Fragment key={id}>
                  {n > 0 && " · "}
                  <SliceLink id={id}>{n === 0 ? "show it" : "the next one"}</SliceLink>
                </Fragment>
              ))}
            </li>
          ))}
        </ol>
      )}
      {data.gpu?.time?.devices.map((device) => (
        <Busy key={device.device_id} device={device} />
      ))}
      <div class="columns">
        {(data.gpu?.gaps ?? [])
          .filter((gaps) => gaps.num_gaps > 0)
          .map((gaps) => (
            <Gaps key={gaps.device_id} gaps={gaps} />
          ))}
        {kernels.length > 0 && (
          <section class="wide">
            <h3>Kernels by time</h3>
            <table class="fields kernels">
              {kernels.map((kernel) => (
                <tr key={kernel.name}>
                  <td class="num">{formatPercent(100 * kernel.share)}</td>
                  <td class="num">{formatNanosShort(kernel.sum_ns)}</td>
                  <td class="num faint">{formatCount(kernel.num_ops)} ×</td>
                  <td class="num faint">{formatNanosShort(kernel.mean_ns)}</td>
                  <td>
                    <button
                      class="link"
                      title={kernel.name}
                      onClick={() => void runSearch(kernel.name, ["name"]).then(() => store.openDrawer("search"))}
                    >
                      {ellipsizeMiddle(kernel.name, 160)}
                    </button>
                  </td>
                </tr>
              ))}
            </table>
          </section>
        )}
      </div>
    </div>
  );
}
