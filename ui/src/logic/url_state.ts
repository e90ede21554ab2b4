// What a link carries, so that it opens the same again against the same server: trace, view, selection, pins, marks,
// folding, workspaces, tracks made by queries, SQL tabs. It is in the fragment, which never leaves the browser.
// Unknown or broken parts are left out, so that links of other versions still open.
import { type CounterMode, modeOfText, modeText } from "./counter_mode.ts";
import type { Workspace } from "./workspaces.ts";

export interface Mark {
  id: number;
  start: number;
  /** Null for a flag at one time. */
  end: number | null;
  text: string;
  isTemporary: boolean;
}
/** How a track was made of a query, by the names of the columns; `set` tells which of several results. */
export interface TrackRecipe {
  /** Scripts that create what the query names, in order. */
  before: string[];
  sql: string;
  set: number;
  ts: string;
  dur: string | null;
  name: string | null;
  value: string | null;
  title: string;
}
export interface SqlText {
  title: string;
  sql: string;
}
export interface UrlState {
  trace: string | null;
  view: { start: number; end: number } | null;
  slice: number | null;
  area: { start: number; end: number; tracks: number[] | null } | null;
  pins: string[];
  marks: Omit<Mark, "id">[];
  folded: [string, boolean][];
  scroll: number | null;
  filter: string;
  sliceFilter: string;
  /** Rows that are thin; null in links that do not say. */
  thin: string[] | null;
  workspaces: Workspace[];
  /** Name of the workspace that is shown. */
  workspace: string | null;
  counters: [string, CounterMode][];
  recipes: TrackRecipe[];
  sqlTabs: SqlText[];
  /** Which of them is in front. */
  sqlTab: number | null;
  /** The panel that is open. */
  panel: string | null;
}

export const emptyUrlState = (): UrlState => ({
  trace: null,
  view: null,
  slice: null,
  area: null,
  pins: [],
  marks: [],
  folded: [],
  scroll: null,
  filter: "",
  sliceFilter: "",
  thin: null,
  workspaces: [],
  workspace: null,
  counters: [],
  recipes: [],
  sqlTabs: [],
  sqlTab: null,
  panel: null,
});

export function encodeUrlState(state: UrlState): string {
  const params = new URLSearchParams();
  if (state.trace !== null) params.set("t", state.trace);
  if (state.view !== null) params.set("v", `${Math.round(state.view.start)}-${Math.round(state.view.end)}`);
  if (state.slice !== null) params.set("s", String(state.slice));
  if (state.area !== null) {
    const { start, end, tracks } = state.area;
    params.set("a", `${Math.round(start)}-${Math.round(end)}${tracks === null ? "" : `-${tracks.join(".")}`}`);
  }
  for (const pin of state.pins) params.append("p", pin);
  for (const [key, folded] of state.folded) params.append("f", `${folded ? "-" : "+"}${key}`);
  for (const mark of state.marks) {
    const times = `${Math.round(mark.start)}-${mark.end === null ? "" : Math.round(mark.end)}`;
    params.append("m", `${times}-${mark.isTemporary ? "t" : "k"}-${mark.text}`);
  }
  if (state.scroll !== null && state.scroll > 0) params.set("y", String(Math.round(state.scroll)));
  if (state.filter !== "") params.set("q", state.filter);
  if (state.sliceFilter !== "") params.set("h", state.sliceFilter);
  if (state.thin !== null) params.set("z", state.thin.join("\n"));
  for (const { name, keys } of state.workspaces) params.append("w", [name, ...keys].join("\n"));
  if (state.workspace !== null) params.set("x", state.workspace);
  for (const [key, mode] of state.counters) params.append("c", `${modeText(mode)}\n${key}`);
  for (const recipe of state.recipes) params.append("d", JSON.stringify(recipe));
  for (const { title, sql } of state.sqlTabs) params.append("n", `${title}\n${sql}`);
  if (state.sqlTab !== null) params.set("k", String(state.sqlTab));
  if (state.panel !== null) params.set("o", state.panel);
  return params.toString();
}

/** The first line, and the rest. */
function cut(text: string): [string, string] {
  const at = text.indexOf("\n");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function recipeOf(text: string): TrackRecipe | null {
  try {
    const read = JSON.parse(text) as Partial<Record<keyof TrackRecipe, unknown>> | null;
    const word = (value: unknown) => (typeof value === "string" ? value : null);
    if (typeof read?.sql !== "string" || typeof read.ts !== "string") return null;
    return {
      before: Array.isArray(read.before) ? read.before.filter((each) => typeof each === "string") : [],
      sql: read.sql,
      set: typeof read.set === "number" && read.set >= 0 ? Math.floor(read.set) : 0,
      ts: read.ts,
      dur: word(read.dur),
      name: word(read.name),
      value: word(read.value),
      title: word(read.title) ?? "",
    };
  } catch {
    return null;
  }
}

export function decodeUrlState(fragment: string): UrlState {
  const params = new URLSearchParams(fragment.replace(/^#/, ""));
  const state = emptyUrlState();
  state.trace = params.get("t");
  const view = /^(\d+)-(\d+)$/.exec(params.get("v") ?? "");
  if (view !== null && Number(view[2]) > Number(view[1])) state.view = { start: Number(view[1]), end: Number(view[2]) };
  if (/^\d+$/.test(params.get("s") ?? "")) state.slice = Number(params.get("s"));
  const area = /^(\d+)-(\d+)(?:-([\d.]*))?$/.exec(params.get("a") ?? "");
  if (area !== null) {
    const tracks = area[3] === undefined ? null : area[3].split(".").filter(Boolean).map(Number);
    state.area = { start: Number(area[1]), end: Number(area[2]), tracks };
  }
  state.pins = params.getAll("p");
  for (const text of params.getAll("f")) {
    if (/^[+-]./.test(text)) state.folded.push([text.slice(1), text.startsWith("-")]);
  }
  for (const text of params.getAll("m")) {
    const mark = /^(\d+)-(\d*)-([tk])-(.*)$/s.exec(text);
    if (mark === null) continue;
    const end = mark[2] === "" ? null : Number(mark[2]);
    state.marks.push({ start: Number(mark[1]), end, text: mark[4]!, isTemporary: mark[3] === "t" });
  }
  if (/^\d+$/.test(params.get("y") ?? "")) state.scroll = Number(params.get("y"));
  state.filter = params.get("q") ?? "";
  state.sliceFilter = params.get("h") ?? "";
  state.thin = params.get("z")?.split("\n").filter(Boolean) ?? null;
  for (const text of params.getAll("w")) {
    const [name, ...keys] = text.split("\n");
    if (name !== undefined && name !== "") state.workspaces.push({ name, keys: keys.filter(Boolean) });
  }
  state.workspace = params.get("x");
  for (const text of params.getAll("c")) {
    const [first, key] = cut(text);
    const mode = modeOfText(first);
    if (mode !== null && key !== "") state.counters.push([key, mode]);
  }
  for (const text of params.getAll("d")) {
    const recipe = recipeOf(text);
    if (recipe !== null) state.recipes.push(recipe);
  }
  for (const text of params.getAll("n")) {
    const [title, sql] = cut(text);
    if (title !== "") state.sqlTabs.push({ title, sql });
  }
  if (/^\d+$/.test(params.get("k") ?? "")) state.sqlTab = Number(params.get("k"));
  state.panel = params.get("o");
  return state;
}
