// The SQL panel: tabs, editor, history, result grid. Ids of slices are links; rows with times can become a track.
import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isAbort } from "../api/client.ts";
import { type Cell, cellAt, type QueryResult, type ResultSet } from "../api/query_stream.ts";
import type { Schema, TrackNode } from "../api/types.ts";
import { formatCount, formatNanos, formatNumberOf } from "../base/format.ts";
import { layLanes } from "../logic/debug_track.ts";
import { leavesSomething, neededScripts } from "../logic/sql_scripts.ts";
import type { SqlText, TrackRecipe } from "../logic/url_state.ts";
import * as store from "../state/store.ts";
import { goToSlice } from "./jump.ts";
import { makeSqlEditor, type SqlEditor } from "./sql_editor.ts";
import { ExportButtons, Grid } from "./widgets.tsx";

interface Tab {
  id: number;
  title: string;
  sql: string;
}
interface Run {
  result: QueryResult | null;
  /** What was run: the tab's text may have changed since. */
  sql: string;
  shownSet: number;
  isRunning: boolean;
  abort: AbortController | null;
  startedAt: number;
}
const TABS_KEY = "kinetoscope.sql.tabs";
const HISTORY_KEY = "kinetoscope.sql.history";
const HISTORY_LENGTH = 100;
/** All tabs share a session, so that what one of them creates is there for the others. */
const SESSION = "sql";
const MADE_KEY = "kinetoscope.sql.made";
/** Scripts that created something, of the trace that was queried last. */
const MAX_MADE = 200;

export const EXAMPLES: { title: string; sql: string }[] = [
  { title: "First rows", sql: "select * from slice limit 100" },
  {
    title: "Kernels by total time",
    sql: "select name, count(*) as count, sum(dur) as total, avg(dur) as mean, max(dur) as max\nfrom slice\nwhere category = 'kernel'\ngroup by name\norder by total desc",
  },
  { title: "Longest slices", sql: "select id, ts, dur, name, category from slice order by dur desc limit 100" },
  {
    title: "Time by category",
    sql: "select category, count(*) as count, sum(dur) as total from slice group by category order by total desc",
  },
  {
    title: "Longest CUDA calls",
    sql: "select id, ts, dur, name from slice where category = 'cuda_runtime' order by dur desc limit 100",
  },
  {
    title: "Threads",
    sql: "select t.utid, t.tid, t.name, p.pid, p.name as process from thread t left join process p using (upid)",
  },
];

export const tabs = signal<Tab[]>(store.stored<Tab[]>(TABS_KEY, [{ id: 1, title: "Query 1", sql: EXAMPLES[0]!.sql }]));
export const activeTab = signal(tabs.value[0]?.id ?? 1);
const runs = signal<ReadonlyMap<number, Run>>(new Map());
const history = signal<string[]>(store.stored<string[]>(HISTORY_KEY, []));
const schema = signal<{ trace: unknown; schema: Schema } | null>(null);

function setTabs(next: Tab[]): void {
  tabs.value = next;
  store.store(TABS_KEY, next);
}
function setRun(tab: number, run: Run): void {
  runs.value = new Map(runs.value).set(tab, run);
}

/** Ends what runs and forgets results: they are of a trace that is left. */
export function forgetRuns(): void {
  for (const each of runs.value.values()) each.abort?.abort();
  runs.value = new Map();
}

/** Scripts whose creations the session of this trace holds, the oldest first. */
function madeScripts(): string[] {
  const made = store.stored<{ trace: string; scripts: string[] } | null>(MADE_KEY, null);
  return made?.trace === String(store.trace.value?.entry.id) ? made.scripts : [];
}
function keepMade(script: string): void {
  const scripts = [...madeScripts().filter((each) => each !== script), script].slice(-MAX_MADE);
  store.store(MADE_KEY, { trace: String(store.trace.value?.entry.id), scripts });
}

/** Runs a text in a tab; what still runs there is cancelled first. */
async function run(tab: number, text: string): Promise<void> {
  const trace = store.trace.value;
  if (trace === null || text.trim() === "") return;
  runs.value.get(tab)?.abort?.abort();
  history.value = [text, ...history.value.filter((each) => each !== text)].slice(0, HISTORY_LENGTH);
  store.store(HISTORY_KEY, history.value);
  const abort = new AbortController();
  const mine: Run = { result: null, sql: text, shownSet: 0, isRunning: true, abort, startedAt: performance.now() };
  setRun(tab, mine);
  const isCurrent = () => runs.value.get(tab)?.abort === abort;
  let shownAt = 0;
  try {
    const result = await trace.client.query(text, SESSION, abort.signal, (partial) => {
      // Rows show as they come, but the page is not redrawn for each of many small pieces.
      if (!isCurrent() || performance.now() - shownAt < 100) return;
      shownAt = performance.now();
      setRun(tab, { ...mine, result: { ...partial }, shownSet: Math.max(0, partial.sets.length - 1) });
    });
    // A script that fails may have created something before it did.
    if (leavesSomething(text)) keepMade(text);
    if (isCurrent()) setRun(tab, { ...mine, result, shownSet: Math.max(0, result.sets.length - 1), isRunning: false });
  } catch (error) {
    if (!isCurrent()) return;
    const body = { message: isAbort(error) ? "cancelled" : (error as Error).message, hint: null, place: null };
    setRun(tab, { ...mine, result: { sets: [], notes: [], error: body, ms: null }, isRunning: false });
  }
}

/** Opens a new tab with a text and runs it; the omnibox uses it. */
export function runInNewTab(sql: string): void {
  if (store.isFile.value) {
    store.openDrawer("sql");
    return;
  }
  const id = Math.max(0, ...tabs.value.map((tab) => tab.id)) + 1;
  setTabs([...tabs.value, { id, title: `Query ${id}`, sql }]);
  activeTab.value = id;
  store.openDrawer("sql");
  void run(id, sql);
}

const ID_COLUMNS = /^(id|slice_id|parent_id|slice|slice_in|slice_out|api_slice_id|gpu_slice_id|launch_slice_id)$/i;
const isLink = (set: ResultSet, column: number, value: Cell): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && ID_COLUMNS.test(set.columns[column]!.name);

const NUMBER_TYPE = /^(long|int|double|float|u?int\d+|float\d+|decimal|timestamp|duration|id)/i;

function text(value: Cell): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return String(value);
}

/** What a cell says, for those who do not count digits: times as the timeline shows them. */
function meaningOf(set: ResultSet, column: number, value: Cell): string {
  const { name } = set.columns[column]!;
  if (/^(dur|.*_dur)$/i.test(name) && typeof value === "number") return formatNanos(value);
  if (/^(ts|.*_ts|ts_end)$/i.test(name)) {
    const nanos = store.traceTimeOfSql(value);
    if (nanos !== null) return `${formatNanos(nanos)} after the start of the trace`;
  }
  return text(value);
}

let nextDebug = 1;
const FIRST_DEBUG_TRACK = 0xf0000000;

interface TrackChoice {
  /** Columns by their places, -1 for none. */
  ts: number;
  dur: number;
  name: number;
  value: number;
  title: string;
}

/** What makes the same track again in another page. */
function recipeFor(sql: string, set: ResultSet, number: number, choice: TrackChoice): TrackRecipe {
  const nameOf = (column: number) => (column < 0 ? null : set.columns[column]!.name);
  const { ts, dur, name, value, title } = choice;
  const before = neededScripts(
    madeScripts().filter((each) => each !== sql),
    sql,
  );
  return {
    before,
    sql,
    set: number,
    ts: nameOf(ts)!,
    dur: nameOf(dur),
    name: nameOf(name),
    value: nameOf(value),
    title,
  };
}

let nextLink = 1;
/**
 * A session for a query of a link: one of its own when something is created for it, so that nothing of that name stands
 * in the way. Queries that need the same share it.
 */
async function sessionFor(
  trace: store.LoadedTrace,
  recipe: TrackRecipe,
  known: Map<string, LinkSession>,
): Promise<LinkSession> {
  if (recipe.before.length === 0 && !leavesSomething(recipe.sql)) return { name: "tracks", error: null };
  const key = JSON.stringify(leavesSomething(recipe.sql) ? recipe : recipe.before);
  const found = known.get(key);
  if (found !== undefined) return found;
  const session: LinkSession = { name: `link-${Date.now()}-${nextLink++}`, error: null };
  known.set(key, session);
  for (const script of recipe.before) {
    const { error } = await trace.client.query(script, session.name, new AbortController().signal);
    session.error ??= error?.message ?? null;
  }
  return session;
}
interface LinkSession {
  name: string;
  /** What the first of its scripts that failed said. */
  error: string | null;
}

/** Runs the queries of tracks that a link brings, and makes the tracks. */
export async function makeTracksAgain(recipes: readonly TrackRecipe[]): Promise<void> {
  const trace = store.trace.value;
  store.pendingRecipes.value = recipes;
  const sessions = new Map<string, LinkSession>();
  for (const recipe of recipes) {
    if (trace === null || store.trace.value !== trace) return;
    const fail = (message: string, hint: string | null) =>
      store.notify(`The track “${recipe.title || recipe.sql.slice(0, 40)}” was not made again: ${message}`, hint, true);
    try {
      const session = await sessionFor(trace, recipe, sessions);
      const result = await trace.client.query(recipe.sql, session.name, new AbortController().signal);
      const set = result.sets[recipe.set];
      if (result.error !== null) {
        const earlier = session.error === null ? null : `a script before it failed, too: ${session.error}`;
        fail(result.error.message, earlier ?? result.error.hint);
      }
      if (store.trace.value !== trace || set === undefined) continue;
      const place = (name: string | null) => set.columns.findIndex((column) => column.name === name);
      const { ts, dur, name, value } = recipe;
      if ([ts, dur, name, value].some((each) => each !== null && place(each) < 0)) {
        fail("its query has other columns now", null);
        continue;
      }
      const choice = { ts: place(ts), dur: place(dur), name: place(name), value: place(value), title: recipe.title };
      showAsTrack(set, choice, recipe, "again");
    } catch (error) {
      if (!isAbort(error)) fail((error as Error).message, null);
    } finally {
      store.pendingRecipes.value = store.pendingRecipes.value.filter((each) => each !== recipe);
    }
  }
}

/** Takes over tabs that a link brings, beside those that the browser keeps; `front` is shown. */
export function adoptTabs(linked: readonly SqlText[], front: number | null): void {
  const next = [...tabs.value];
  const ids = linked.map(({ title, sql }) => {
    const known = next.find((each) => each.sql === sql);
    if (known !== undefined) return known.id;
    const id = Math.max(0, ...next.map((each) => each.id)) + 1;
    next.push({ id, title, sql });
    return id;
  });
  setTabs(next);
  const shown = front === null ? undefined : ids[front];
  if (shown !== undefined) activeTab.value = shown;
}

/** Makes a track of a result: a counter when a column of values is chosen, else slices, or instants without `dur`. */
export function showAsTrack(set: ResultSet, choice: TrackChoice, recipe: TrackRecipe, why: "asked" | "again"): void {
  const idColumn = set.columns.findIndex((column) => /^(id|slice_id)$/i.test(column.name));
  const rows: store.DebugTrack["rows"] = [];
  for (let row = 0; row < set.num_rows; row++) {
    const ts = store.traceTimeOfSql(cellAt(set, row, choice.ts));
    if (ts === null) continue;
    const cell = choice.value < 0 ? 0 : cellAt(set, row, choice.value);
    const value = typeof cell === "bigint" ? Number(cell) : cell;
    if (typeof value !== "number") continue;
    const dur = choice.dur < 0 ? 0 : cellAt(set, row, choice.dur);
    const id = idColumn < 0 ? null : cellAt(set, row, idColumn);
    rows.push({
      ts,
      dur: typeof dur === "number" ? Math.max(0, dur) : 0,
      name: choice.name < 0 ? `row ${row + 1}` : text(cellAt(set, row, choice.name)),
      value,
      slice: typeof id === "number" ? id : null,
      depth: 0,
    });
  }
  const skipped = set.num_rows - rows.length;
  if (rows.length === 0) {
    store.notify(
      `No row has a number in \`${set.columns[choice.ts]!.name}\`.`,
      "choose other columns for the start and the value",
      true,
    );
    return;
  }
  const number = nextDebug++;
  const isCounter = choice.value >= 0;
  const node: TrackNode = {
    key: `debug/${number}`,
    name: choice.title || `Query track ${number}`,
    kind: "debug",
    children: [],
    tracks: [
      {
        id: FIRST_DEBUG_TRACK + number,
        kind: isCounter ? "counter" : "slice",
        num_events: rows.length,
        num_rows: isCounter ? 1 : layLanes(rows).count,
        start: rows[0]!.ts,
        end: rows[rows.length - 1]!.ts,
        unit: null,
      },
    ],
    collapsed: false,
    role: null,
    pid: null,
    tid: null,
    rank: null,
    device: null,
    stream: null,
  };
  store.debugTracks.value = [...store.debugTracks.value, { node, rows, isCounter, recipe }];
  if (why === "again") return;
  store.setScroll(0);
  store.notify(
    `${formatCount(rows.length)} rows are a track at the top now.${skipped > 0 ? ` ${formatCount(skipped)} rows without these numbers are left out.` : ""}`,
  );
}

interface TrackFormProps {
  set: ResultSet;
  sql: string;
  /** Which of the results of `sql` it is. */
  number: number;
  onDone: () => void;
}

function TrackForm({ set, sql, number, onDone }: TrackFormProps) {
  const guess = (pattern: RegExp) => set.columns.findIndex((column) => pattern.test(column.name));
  const choice = useSignal({
    ts: Math.max(0, guess(/^ts$|start|timestamp/i)),
    dur: guess(/^dur$|duration/i),
    name: guess(/name|label|title/i),
    value: -1,
    title: "",
  });
  const options = (optional: boolean) => (
    <>
      {optional && <option value={-1}>none</option>}
      {set.columns.map((column, i) => (
        <option key={i} value={i}>
          {column.name}
        </option>
      ))}
    </>
  );
  const pick = (key: "ts" | "dur" | "name" | "value", label: string, optional: boolean) => (
    <label>
      {label}{" "}
      <select
        value={choice.value[key]}
        onChange={(event) => (choice.value = { ...choice.value, [key]: Number(event.currentTarget.value) })}
      >
        {options(optional)}
      </select>
    </label>
  );
  return (
    <form
      class="bar-line"
      aria-label="Show the result as a track"
      onSubmit={(event) => {
        event.preventDefault();
        showAsTrack(set, choice.value, recipeFor(sql, set, number, choice.value), "asked");
        onDone();
      }}
    >
      {pick("ts", "start", false)}
      {pick("dur", "duration", true)}
      {pick("name", "name", true)}
      {pick("value", "value (makes a counter)", true)}
      <label>
        title{" "}
        <input
          value={choice.value.title}
          onInput={(event) => (choice.value = { ...choice.value, title: event.currentTarget.value })}
        />
      </label>
      <button class="primary small" type="submit">
        Add track
      </button>
      <button class="small" type="button" onClick={onDone}>
        Cancel
      </button>
    </form>
  );
}

function ErrorView({ error }: { error: NonNullable<QueryResult["error"]> }) {
  const { place } = error;
  return (
    <div class="sql-error" role="alert">
      <p>
        <b>{error.message}</b>
      </p>
      {place !== null && (
        <pre>
          {place.text}
          {"\n"}
          {" ".repeat(Math.max(0, place.column - 1))}
          {"^".repeat(Math.max(1, place.length))}
        </pre>
      )}
      {error.hint !== null && <p class="faint">hint: {error.hint}</p>}
    </div>
  );
}

function widthOf(set: ResultSet, column: number): number {
  let longest = set.columns[column]!.name.length + 2;
  for (let row = 0; row < Math.min(set.num_rows, 50); row++)
    longest = Math.max(longest, text(cellAt(set, row, column)).length);
  return Math.min(480, Math.max(60, longest * 7.8 + 20));
}

function Result({ tab }: { tab: number }) {
  const state = runs.value.get(tab);
  const isMakingTrack = useSignal(false);
  if (state === undefined) {
    return (
      <p class="faint pad">
        Ctrl+Enter runs the query, or the selected part of it. Ids of slices in the result are links.
      </p>
    );
  }
  const { result } = state;
  const set = result?.sets[state.shownSet];
  const widest = set === undefined ? -1 : set.columns.findLastIndex((column) => !NUMBER_TYPE.test(column.type));
  const total = result?.ms ?? null;
  return (
    <div class="sql-result">
      <div class="bar-line">
        {state.isRunning && (
          <>
            <span class="spinner" /> <span>running…</span>
            <button class="small" onClick={() => state.abort?.abort()}>
              Cancel
            </button>
          </>
        )}
        {result !== null && result.sets.length > 1 && (
          <span class="segments" role="group" aria-label="Result sets">
            {result.sets.map((_, i) => (
              <button
                key={i}
                class={i === state.shownSet ? "active" : ""}
                aria-pressed={i === state.shownSet}
                onClick={() => setRun(tab, { ...state, shownSet: i })}
              >
                {i + 1}
              </button>
            ))}
          </span>
        )}
        {set !== undefined && (
          <span class="sql-count">
            {formatCount(set.num_rows)} rows{set.ms !== null && <span class="faint"> in {set.ms.toFixed(1)} ms</span>}
          </span>
        )}
        {result !== null && set === undefined && result.error === null && !state.isRunning && (
          <span class="faint">Done{total !== null && ` in ${total.toFixed(1)} ms`}; no rows to show.</span>
        )}
        <span class="spacer" />
        {set !== undefined && set.num_rows > 0 && (
          <>
            <button class="small" onClick={() => (isMakingTrack.value = !isMakingTrack.value)}>
              Show as track
            </button>
            <ExportButtons
              name="query"
              table={() => ({
                columns: set.columns.map((column) => column.name),
                numRows: set.num_rows,
                cell: (row, column) => cellAt(set, row, column),
              })}
            />
          </>
        )}
      </div>
      {isMakingTrack.value && set !== undefined && (
        <TrackForm set={set} sql={state.sql} number={state.shownSet} onDone={() => (isMakingTrack.value = false)} />
      )}
      {result?.notes.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
      {result?.error != null && <ErrorView error={result.error} />}
      {set !== undefined && (
        <Grid
          label="Result of the query"
          columns={set.columns.map((column, i) => ({
            name: column.name,
            isNumber: NUMBER_TYPE.test(column.type),
            width: widthOf(set, i),
            grows: i === widest,
          }))}
          numRows={set.num_rows}
          onRow={(row) => {
            const column = set.columns.findIndex((_, i) => isLink(set, i, cellAt(set, row, i)));
            if (column >= 0) void goToSlice(cellAt(set, row, column) as number);
          }}
          cell={(row, column) => {
            const value = cellAt(set, row, column);
            if (value === null) return <span class="faint">NULL</span>;
            if (isLink(set, column, value)) {
              return (
                <button class="link" onClick={() => void goToSlice(value)}>
                  {value}
                </button>
              );
            }
            return <span title={meaningOf(set, column, value)}>{text(value)}</span>;
          }}
        />
      )}
    </div>
  );
}

/** What an exported file says in the place of the panel. */
export function NoSql() {
  const sources = store.trace.value?.overview.sources ?? [];
  return (
    <div class="pad no-sql">
      <p>
        <b>This file has no SQL.</b> It is a window of a trace, with the answers that the page asks for and without the
        program that runs queries.
      </p>
      <p>
        Open the trace itself to query it:{" "}
        <code>kinetoscope open {sources[0]?.path.replace(/^.*\//, "") ?? "TRACE"}</code>
        {sources.length > 1 && <span class="faint"> and {formatNumberOf(sources.length - 1, "other file")}</span>}
      </p>
    </div>
  );
}

export function SqlPanel() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<SqlEditor | null>(null);
  const tab = tabs.value.find((each) => each.id === activeTab.value) ?? tabs.value[0]!;
  const runCurrent = () => {
    if (editor.current !== null) void run(activeTab.value, editor.current.textToRun().text);
  };
  useEffect(() => {
    const change = (sql: string) => setTabs(tabs.peek().map((each) => (each.id === tab.id ? { ...each, sql } : each)));
    const made = makeSqlEditor(host.current!, tab.sql, change, runCurrent);
    editor.current = made;
    if (schema.value !== null && schema.value.trace === store.trace.value) made.setSchema(schema.value.schema);
    made.focus();
    return () => made.destroy();
  }, [tab.id]);
  useEffect(() => {
    const trace = store.trace.value;
    if (trace === null || schema.value?.trace === trace) return;
    trace.client.schema().then((answer) => {
      schema.value = { trace, schema: answer };
      editor.current?.setSchema(answer);
    }, store.reportError);
  }, [store.trace.value]);
  const close = (id: number) => {
    runs.value.get(id)?.abort?.abort();
    const rest = tabs.value.filter((each) => each.id !== id);
    setTabs(rest.length > 0 ? rest : [{ id: id + 1, title: `Query ${id + 1}`, sql: "" }]);
    if (activeTab.value === id) activeTab.value = tabs.value[tabs.value.length - 1]!.id;
  };
  const add = () => {
    const id = Math.max(0, ...tabs.value.map((each) => each.id)) + 1;
    setTabs([...tabs.value, { id, title: `Query ${id}`, sql: "" }]);
    activeTab.value = id;
  };
  return (
    <div class="sql-panel">
      <div class="bar-line sql-bar">
        <div role="tablist" aria-label="Queries" class="tabs small-tabs">
          {tabs.value.map((each) => (
            <span key={each.id} class={each.id === tab.id ? "tab active" : "tab"}>
              <button role="tab" aria-selected={each.id === tab.id} onClick={() => (activeTab.value = each.id)}>
                {each.title}
              </button>
              <button class="close" aria-label={`Close ${each.title}`} onClick={() => close(each.id)}>
                ×
              </button>
            </span>
          ))}
          <button class="icon" aria-label="New query" title="New query" onClick={add}>
            +
          </button>
        </div>
        <span class="spacer" />
        <label class="faint">
          <select
            aria-label="Examples"
            value=""
            onChange={(event) => {
              const example = EXAMPLES[Number(event.currentTarget.value)];
              if (example !== undefined) editor.current?.setText(example.sql);
              event.currentTarget.value = "";
            }}
          >
            <option value="">Examples</option>
            {EXAMPLES.map((example, i) => (
              <option key={i} value={i}>
                {example.title}
              </option>
            ))}
          </select>
        </label>
        <select
          aria-label="History"
          value=""
          onChange={(event) => {
            const sql = history.value[Number(event.currentTarget.value)];
            if (sql !== undefined) editor.current?.setText(sql);
            event.currentTarget.value = "";
          }}
        >
          <option value="">History</option>
          {history.value.map((sql, i) => (
            <option key={i} value={i}>
              {sql.replace(/\s+/g, " ").slice(0, 90)}
            </option>
          ))}
        </select>
        <button class="primary small" onClick={runCurrent} title="Ctrl+Enter">
          Run
        </button>
      </div>
      <div class="sql-split">
        <div class="sql-editor" ref={host} />
        <Result tab={tab.id} />
      </div>
    </div>
  );
}
