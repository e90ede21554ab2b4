// The box at the top: search by default, `>` for commands, `:` for SQL.
import { useSignal } from "@preact/signals";
import type { SearchPlace } from "../api/types.ts";
import { formatCount } from "../base/format.ts";
import * as store from "../state/store.ts";
import { runSearch, stepHit } from "./search.ts";
import { runInNewTab } from "./sql_panel.tsx";

const START_AT = 3;
const PAUSE_MILLIS = 180;
let timer: ReturnType<typeof setTimeout> | null = null;

const PLACES: { place: SearchPlace; label: string }[] = [
  { place: "name", label: "names" },
  { place: "category", label: "categories" },
  { place: "arg_key", label: "arg keys" },
  { place: "arg_value", label: "arg values" },
];

export function Omnibox({ onCommandMode }: { onCommandMode: () => void }) {
  const text = useSignal("");
  const search = store.search.value;
  const isSql = text.value.startsWith(":");
  const hits = search.result;
  const input = (value: string) => {
    text.value = value;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (value === ">") {
      text.value = "";
      onCommandMode();
      return;
    }
    if (value.startsWith(":")) return;
    if (value === "") void runSearch("");
    else if (value.length >= START_AT) timer = setTimeout(() => void runSearch(value), PAUSE_MILLIS);
  };
  const enter = async (isBack: boolean) => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (isSql) {
      runInNewTab(text.value.slice(1).trim());
      return;
    }
    if (store.search.value.text !== text.value || store.search.value.result === null) await runSearch(text.value);
    stepHit(isBack ? -1 : 1);
  };
  const togglePlace = (place: SearchPlace) => {
    const has = search.places.includes(place);
    const places = has ? search.places.filter((each) => each !== place) : [...search.places, place];
    if (places.length > 0) void runSearch(text.value, places);
  };
  return (
    <div class={isSql ? "omnibox sql-mode" : "omnibox"} role="search">
      <input
        id="omnibox"
        type="text"
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        placeholder={
          store.trace.value === null ? "Open a trace to search it" : "Search slices   / search   : SQL   > commands"
        }
        aria-label="Search slices; a colon first runs SQL, an angle bracket opens commands"
        disabled={store.trace.value === null}
        onInput={(event) => input(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            void enter(event.shiftKey);
          }
        }}
      />
      {search.isRunning && <span class="spinner" aria-label="Searching" />}
      {!isSql && hits !== null && (
        <>
          <span class="hits" aria-live="polite">
            {hits.total === 0
              ? "no hits"
              : `${search.index < 0 ? "–" : formatCount(search.index + 1)} / ${formatCount(hits.total)}`}
          </span>
          <button class="icon" aria-label="Previous hit" title="Shift+Enter" onClick={() => stepHit(-1)}>
            ‹
          </button>
          <button class="icon" aria-label="Next hit" title="Enter" onClick={() => stepHit(1)}>
            ›
          </button>
          <button class="small" onClick={() => store.openDrawer("search")}>
            List
          </button>
        </>
      )}
      {!isSql && text.value !== "" && (
        <details class="places">
          <summary aria-label="Where to search">in…</summary>
          <div>
            {PLACES.map(({ place, label }) => (
              <label key={place}>
                <input type="checkbox" checked={search.places.includes(place)} onChange={() => togglePlace(place)} />{" "}
                {label}
              </label>
            ))}
          </div>
        </details>
      )}
    </div>
  );
}
