// What is shown while no trace is: the list of traces, or the progress of the one that is being opened.
import { useEffect } from "preact/hooks";
import type { TraceEntry } from "../api/types.ts";
import { formatBytes, formatCount } from "../base/format.ts";
import * as store from "../state/store.ts";
import { cancelOpening, openTrace } from "./open_trace.ts";

const REFRESH_MILLIS = 1500;

function Progress({ entry }: { entry: TraceEntry }) {
  const { progress } = entry;
  const share =
    progress !== null && progress.total_bytes !== null && progress.total_bytes > 0
      ? progress.bytes / progress.total_bytes
      : null;
  return (
    <div class="opening" role="status">
      <h2>{entry.name}</h2>
      <progress value={share ?? undefined} max={1} aria-label={`Opening ${entry.name}`} />
      <p>
        {progress === null ? (
          "Starting…"
        ) : (
          <>
            {progress.step}: {formatBytes(progress.bytes)}
            {progress.total_bytes !== null && ` of ${formatBytes(progress.total_bytes)}`},{" "}
            {formatCount(progress.events)} events
            {progress.seconds_left !== null &&
              progress.seconds_left > 0.5 &&
              `, about ${Math.ceil(progress.seconds_left)} s left`}
          </>
        )}
      </p>
      <button onClick={() => void cancelOpening(entry.id)}>Cancel</button>
    </div>
  );
}

export function StartPage() {
  const opening = store.opening.value;
  const info = store.info.value;
  useEffect(() => {
    // New traces appear while others are written; the list is asked for again while it is seen.
    const timer = setInterval(() => {
      if (store.opening.value?.state === "opening" || document.hidden) return;
      store.client.value!.info().then(
        (answer) => (store.info.value = answer),
        () => undefined,
      );
    }, REFRESH_MILLIS);
    return () => clearInterval(timer);
  }, []);
  if (opening !== null && opening.state === "failed") {
    return (
      <div class="start">
        <div class="opening" role="alert">
          <h2>{opening.name} cannot be opened</h2>
          <p>{opening.error}</p>
          <button onClick={() => void openTrace(opening.id, "")}>Try again</button>{" "}
          {(info?.traces.length ?? 0) > 1 && (
            <button onClick={() => (store.opening.value = null)}>Back to the list</button>
          )}
        </div>
      </div>
    );
  }
  if (opening !== null) {
    return (
      <div class="start">
        <Progress entry={opening} />
      </div>
    );
  }
  if (info === null) return <div class="start" />;
  return (
    <div class="start">
      <div class="trace-list">
        <h2>Traces</h2>
        {info.traces.length === 0 && (
          <p class="faint">There is none yet. New files in the folder appear here by themselves.</p>
        )}
        <ul>
          {info.traces.map((entry) => (
            <li key={entry.id}>
              <button class="trace-entry" onClick={() => void openTrace(entry.id, "")}>
                <span class="trace-place">
                  <b>{entry.name}</b>
                  <span class="faint">{entry.path}</span>
                </span>
                <span class="num">{formatBytes(entry.bytes)}</span>
                <span class={`chip state-${entry.state}`}>{entry.state}</span>
                {entry.error !== null && <span class="error-text">{entry.error}</span>}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
