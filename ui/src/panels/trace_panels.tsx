// What the trace is, what was wrong with it, and the marks that people set.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { TraceWarning } from "../api/types.ts";
import { formatBytes, formatCount, formatNanos, formatWallTime } from "../base/format.ts";
import * as store from "../state/store.ts";
import { focusSelection } from "./jump.ts";

const SEVERITIES = { data_loss: "Lost data", error: "Errors", notice: "Mended", info: "Notes" } as const;

export function WarningsPanel() {
  const warnings = useSignal<TraceWarning[] | null>(null);
  const trace = store.trace.value;
  useEffect(() => {
    warnings.value = null;
    trace?.client.warnings().then((answer) => (warnings.value = answer), store.reportError);
  }, [trace]);
  if (warnings.value === null) return <p class="faint pad">Reading the warnings…</p>;
  if (warnings.value.length === 0)
    return <p class="pad">Nothing was lost, healed or missing while this trace was read.</p>;
  const list = warnings.value;
  return (
    <div class="pad warnings">
      {(Object.keys(SEVERITIES) as (keyof typeof SEVERITIES)[]).map((severity) => {
        const some = list.filter((warning) => warning.severity === severity);
        return some.length === 0 ? null : (
          <section key={severity}>
            <h3 class={`severity-${severity}`}>{SEVERITIES[severity]}</h3>
            {some.map((warning) => (
              <details key={warning.name} open={severity === "data_loss" || severity === "error"}>
                <summary>
                  <b class="num">{formatCount(warning.count)}</b> × {warning.name.replace(/_/g, " ")}{" "}
                  <span class="faint">{warning.description}</span>
                </summary>
                <ul>
                  {warning.examples.map((example, i) => (
                    <li key={i}>
                      {example.byte_offset !== null && (
                        <span class="faint">
                          {example.path}, byte {formatCount(example.byte_offset)}:{" "}
                        </span>
                      )}
                      <code>{example.detail}</code>
                    </li>
                  ))}
                </ul>
              </details>
            ))}
          </section>
        );
      })}
    </div>
  );
}

export function InfoPanel() {
  const trace = store.trace.value;
  if (trace === null) return null;
  const { overview, entry } = trace;
  const row = (name: string, value: string) => (
    <tr key={name}>
      <th scope="row">{name}</th>
      <td>{value}</td>
    </tr>
  );
  return (
    <div class="pad columns">
      <section>
        <h3>Trace</h3>
        <table class="fields">
          {row("File", entry.path)}
          {row("Size", formatBytes(entry.bytes))}
          {row("Length", formatNanos(overview.end - overview.start))}
          {overview.unix_start_ns !== null && row("Began", formatWallTime(overview.unix_start_ns, overview.start))}
          {row("Slices", formatCount(overview.num_slices))}
          {row("Tracks", formatCount(overview.num_tracks))}
          {row("Version", store.info.value?.version ?? "")}
        </table>
      </section>
      <section>
        <h3>Sources</h3>
        <table class="fields">
          {overview.sources.map((source) => (
            <tr key={source.path}>
              <td title={source.path}>
                {source.path.replace(/^.*\//, "")}
                <div class="faint">{[source.format, source.profiler].filter((each) => each !== null).join(", ")}</div>
              </td>
            </tr>
          ))}
        </table>
      </section>
      <section>
        <h3>GPUs</h3>
        <table class="fields">
          {overview.devices.map((device) =>
            row(
              `GPU ${device.ordinal ?? device.id}`,
              `${device.name ?? "unknown"}${device.total_memory === null ? "" : `, ${formatBytes(device.total_memory)}`}`,
            ),
          )}
        </table>
        {overview.devices.length === 0 && <p class="faint">None in this trace.</p>}
      </section>
      {overview.ranks.length > 0 && (
        <section>
          <h3>Ranks</h3>
          <table class="fields">
            {overview.ranks.map((rank) =>
              row(`Rank ${rank.rank}`, `${rank.name ?? ""}${rank.world_size === null ? "" : ` of ${rank.world_size}`}`),
            )}
          </table>
        </section>
      )}
    </div>
  );
}

export function MarksPanel() {
  const marks = [...store.marks.value].sort((a, b) => a.start - b.start);
  if (marks.length === 0)
    return (
      <p class="faint pad">M marks the selection, Shift+M keeps the mark, a click below the time axis sets a flag.</p>
    );
  const { timeFormat } = store.settings.value;
  return (
    <div class="pad">
      <table class="fields marks">
        {marks.map((mark) => (
          <tr key={mark.id}>
            <td>
              <button
                class="link"
                onClick={() => {
                  store.selection.value = { kind: "mark", id: mark.id };
                  focusSelection();
                }}
              >
                {formatNanos(mark.start, timeFormat)}
              </button>
            </td>
            <td>{mark.end === null ? "flag" : formatNanos(mark.end - mark.start, timeFormat)}</td>
            <td>
              <input
                aria-label="Text of the mark"
                placeholder="note"
                value={mark.text}
                onInput={(event) => {
                  const text = event.currentTarget.value;
                  store.marks.value = store.marks.value.map((each) => (each.id === mark.id ? { ...each, text } : each));
                }}
              />
            </td>
            <td>
              {mark.isTemporary && (
                <button
                  class="small"
                  onClick={() =>
                    (store.marks.value = store.marks.value.map((each) =>
                      each.id === mark.id ? { ...each, isTemporary: false } : each,
                    ))
                  }
                >
                  Keep
                </button>
              )}{" "}
              <button class="small" onClick={() => store.removeMark(mark.id)}>
                Remove
              </button>
            </td>
          </tr>
        ))}
      </table>
    </div>
  );
}
