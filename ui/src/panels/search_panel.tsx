// All hits of the search as a list.
import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { formatCount, formatNanos } from "../base/format.ts";
import { pathText } from "../logic/rows.ts";
import * as store from "../state/store.ts";
import { HIT_LIMIT, showHit } from "./search.ts";
import { Grid } from "./widgets.tsx";

export function SearchPanel() {
  const { result, text, index } = store.search.value;
  const names = useSignal<ReadonlyMap<number, string>>(new Map());
  useEffect(() => {
    names.value = new Map();
    const trace = store.trace.value;
    if (result === null || trace === null || result.ids.length === 0) return;
    const abort = new AbortController();
    const ids = result.ids;
    trace.client.namesOfSlices(ids, abort.signal).then((found) => (names.value = found), store.reportError);
    return () => abort.abort();
  }, [result]);
  if (result === null) return <p class="faint pad">Type in the box at the top, or press / there.</p>;
  const trackName = (id: number) => {
    const place = store.trackPlaces.value.get(id);
    return place === undefined ? String(id) : pathText(place.path, place.node);
  };
  const { timeFormat } = store.settings.value;
  return (
    <div class="search-panel">
      <div class="bar-line">
        <b>{formatCount(result.total)} hits</b> <span class="faint">for “{text}”</span>
        {result.total > result.ids.length && (
          <span class="faint">; the first {formatCount(HIT_LIMIT)} are listed, all are counted and drawn as ticks</span>
        )}
      </div>
      <Grid
        label="Search results"
        columns={[
          { name: "start", isNumber: true, width: 150 },
          { name: "duration", isNumber: true, width: 130 },
          { name: "name", isNumber: false, width: 380, grows: true },
          { name: "track", isNumber: false, width: 420 },
        ]}
        numRows={result.ids.length}
        onRow={showHit}
        cell={(row, column) => {
          if (column === 0) {
            return (
              <button class={row === index ? "link current" : "link"} onClick={() => showHit(row)}>
                {formatNanos(result.ts[row]!, timeFormat)}
              </button>
            );
          }
          if (column === 1) return result.dur[row] === null ? "never ended" : formatNanos(result.dur[row]!, timeFormat);
          if (column === 2)
            return (
              <span title={names.value.get(result.ids[row]!)}>
                {names.value.get(result.ids[row]!) ?? `slice ${result.ids[row]}`}
              </span>
            );
          return trackName(result.tracks[row]!);
        }}
      />
    </div>
  );
}
