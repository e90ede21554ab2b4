// All state that more than one part of the page reads, as signals. Functions here keep it consistent; nothing draws.
import { batch, computed, effect, signal } from "@preact/signals";
import type { Client, TraceClient } from "../api/client.ts";
import type * as T from "../api/types.ts";
import type { TimeFormat } from "../base/format.ts";
import { clampWindow, type TimeWindow } from "../base/geom.ts";
import { type CounterMode, PLAIN } from "../logic/counter_mode.ts";
import { trackTitle } from "../logic/row_names.ts";
import { layoutRows } from "../logic/rows.ts";
import type { Mark, TrackRecipe } from "../logic/url_state.ts";
import { indexNodes, type Root, type Workspace } from "../logic/workspaces.ts";

export interface LoadedTrace {
  entry: T.TraceEntry;
  client: TraceClient;
  overview: T.TraceOverview;
  nodes: T.TrackNode[];
}
export type Selection =
  | { kind: "none" }
  | { kind: "slice"; id: number }
  | { kind: "area"; start: number; end: number; tracks: readonly number[] | null }
  | { kind: "mark"; id: number };

export const DRAWER_TABS = ["selection", "summary", "search", "sql", "warnings", "info", "marks"] as const;
export type DrawerTab = (typeof DRAWER_TABS)[number];
export type Theme = "light" | "dark" | "system";
export interface Settings {
  theme: Theme;
  timeFormat: TimeFormat;
  keys: Record<string, string[]>;
  shellWidth: number;
}
export interface DebugTrack {
  node: T.TrackNode;
  rows: { ts: number; dur: number; name: string; value: number; slice: number | null; depth: number }[];
  isCounter: boolean;
  /** How to make it again. */
  recipe: TrackRecipe;
}
/** A failure or a fact worth a line at the bottom of the page, until closed. */
export interface Notice {
  id: number;
  text: string;
  hint: string | null;
  isError: boolean;
}

export const USUAL_SHELL_PX = 290;
export const USUAL_DRAWER_PX = 300;

export const client = signal<Client | null>(null);
export const info = signal<T.Info | null>(null);
export const trace = signal<LoadedTrace | null>(null);
/** The trace that is being opened, with its progress. */
export const opening = signal<T.TraceEntry | null>(null);

export const view = signal<TimeWindow>({ start: 0, end: 1 });
export const scrollTop = signal(0);
export const viewport = signal({ width: 800, height: 400 });
export const selection = signal<Selection>({ kind: "none" });
export const sliceDetails = signal<T.SliceDetails | null>(null);
export const arrows = signal<T.FlowArrow[]>([]);
/** Which of several arrows out of (and into) the selected slice the keys follow. */
export const focusedArrow = signal({ outgoing: 0, incoming: 0 });
export const marks = signal<Mark[]>([]);
export const pins = signal<string[]>([]);
export const collapsed = signal<ReadonlyMap<string, boolean>>(new Map());
/** Rows that are thin, whoever made them so. */
export const compact = signal<ReadonlySet<string>>(new Set());
export const trackFilter = signal("");
export const sliceFilter = signal("");
export const debugTracks = signal<DebugTrack[]>([]);
/** Tracks of a link whose queries have not answered yet; they are in the address all the same. */
export const pendingRecipes = signal<readonly TrackRecipe[]>([]);
export const drawer = signal<{ isOpen: boolean; tab: DrawerTab; height: number }>({
  isOpen: false,
  tab: "selection",
  height: USUAL_DRAWER_PX,
});
export const dialog = signal<"none" | "help" | "palette" | "finder" | "pin" | "workspaces">("none");
export const workspaces = signal<Workspace[]>([]);
/** Name of the workspace that is shown; null for the whole tree. */
export const workspaceName = signal<string | null>(null);
export const counterModes = signal<ReadonlyMap<string, CounterMode>>(new Map());
/** Flows of the selected area that are drawn. */
export const areaArrows = signal<T.FlowArrow[]>([]);
/** The area that a link in its panel led away from. */
export const areaBefore = signal<Extract<Selection, { kind: "area" }> | null>(null);
/** True once the server serves another build of this page. */
export const isPageOld = signal(false);
export const notices = signal<Notice[]>([]);
export const mouse = signal<{ x: number; y: number; isOver: boolean }>({ x: 0, y: 0, isOver: false });

export interface SearchState {
  text: string;
  result: T.SearchResult | null;
  index: number;
  places: T.SearchPlace[];
  isRunning: boolean;
}
export const ALL_PLACES: T.SearchPlace[] = ["name", "category", "arg_key", "arg_value"];
export const search = signal<SearchState>({ text: "", result: null, index: -1, places: ALL_PLACES, isRunning: false });

/** Whether this page is an exported file, with all its answers inside. */
export const isFile = computed(() => info.value?.mode === "file");
export const bounds = computed<TimeWindow>(() => {
  const loaded = trace.value;
  if (loaded === null) return { start: 0, end: 1 };
  // An exported window begins where it begins; a trace begins at its zero.
  const start = isFile.value ? loaded.overview.start : Math.min(0, loaded.overview.start);
  return { start, end: Math.max(loaded.overview.end, start + 10) };
});
export const nodes = computed<T.TrackNode[]>(() => trace.value?.nodes ?? []);
export const nodeIndex = computed(() => indexNodes(nodes.value));
export const workspace = computed(() => workspaces.value.find((each) => each.name === workspaceName.value) ?? null);
const workspaceRoots = computed<Root[] | null>(() => {
  if (workspace.value === null) return null;
  const found = workspace.value.keys.map((key) => nodeIndex.value.get(key)).filter((root) => root !== undefined);
  return [...debugTracks.value.map(({ node }) => ({ node, path: [] })), ...found];
});
export const layout = computed(() =>
  layoutRows({
    roots: workspaceRoots.value,
    nodes: [...debugTracks.value.map((each) => each.node), ...nodes.value],
    collapsed: collapsed.value,
    compact: compact.value,
    counterModes: counterModes.value,
    pins: pins.value,
    maxPinnedHeight: viewport.value.height * 0.6,
    filter: trackFilter.value,
  }),
);

/** Trace time of a time as SQL gives it; null for what is no whole number. */
export function traceTimeOfSql(value: unknown): number | null {
  const offset = trace.value?.overview.sql_offset_ns ?? "0";
  if (typeof value === "bigint") return Number(value - BigInt(offset));
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  if (offset === "0") return value;
  return Number.isInteger(value) ? Number(BigInt(value) - BigInt(offset)) : value - Number(offset);
}
/** A trace time as SQL has it, written out. */
export const sqlTimeOf = (nanos: number): string =>
  String(BigInt(Math.round(nanos)) + BigInt(trace.value?.overview.sql_offset_ns ?? "0"));

export interface TrackPlace {
  node: T.TrackNode;
  path: readonly T.TrackNode[];
  track: T.Track;
}
export const trackPlaces = computed<ReadonlyMap<number, TrackPlace>>(() => {
  const places = new Map<number, TrackPlace>();
  const visit = (node: T.TrackNode, path: readonly T.TrackNode[]) => {
    for (const track of node.tracks) places.set(track.id, { node, path, track });
    for (const child of node.children) visit(child, [...path, node]);
  };
  for (const node of nodes.value) visit(node, []);
  return places;
});

/** A track as tables call it. */
export function trackName(id: number): string {
  const place = trackPlaces.value.get(id);
  return place === undefined ? `track ${id}` : trackTitle(place);
}

const SETTINGS_KEY = "kinetoscope.settings";
function storedSettings(): Settings {
  const defaults: Settings = { theme: "system", timeFormat: "auto", keys: {}, shellWidth: USUAL_SHELL_PX };
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(SETTINGS_KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    // Storage may be forbidden or hold something else; the page works without.
    return defaults;
  }
}
export const settings = signal<Settings>(storedSettings());
export function changeSettings(change: Partial<Settings>): void {
  settings.value = { ...settings.value, ...change };
  store(SETTINGS_KEY, settings.value);
}
export function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: what is not kept is only a convenience.
  }
}
export function stored<V>(key: string, otherwise: V): V {
  try {
    const text = localStorage.getItem(key);
    return text === null ? otherwise : (JSON.parse(text) as V);
  } catch {
    return otherwise;
  }
}
const prefersDark = typeof matchMedia === "undefined" ? null : matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(prefersDark?.matches ?? false);
prefersDark?.addEventListener("change", (event) => (systemIsDark.value = event.matches));
export const isDark = computed(() =>
  settings.value.theme === "system" ? systemIsDark.value : settings.value.theme === "dark",
);

let nextNotice = 1;
export function notify(text: string, hint: string | null = null, isError = false): void {
  const notice = { id: nextNotice++, text, hint, isError };
  notices.value = [...notices.value.slice(-3), notice];
}
export function reportError(error: unknown): void {
  if (error instanceof Error && error.name === "AbortError") return;
  const hint = (error as { hint?: string | null }).hint ?? null;
  notify(error instanceof Error ? error.message : String(error), hint, true);
}

export function setView(window: TimeWindow): void {
  const next = clampWindow(window, bounds.value);
  if (next.start !== view.value.start || next.end !== view.value.end) view.value = next;
}
export function setScroll(y: number): void {
  const { height, pinnedHeight } = layout.value;
  const most = Math.max(0, height - (viewport.value.height - pinnedHeight) + 24);
  scrollTop.value = Math.min(Math.max(0, y), most);
}
export function openDrawer(tab?: DrawerTab): void {
  drawer.value = { ...drawer.value, isOpen: true, tab: tab ?? drawer.value.tab };
}
/** Tabs whose links are followed one after another: they stay open while that is done. */
const TABS_OF_LINKS: readonly DrawerTab[] = ["sql", "search", "summary"];

/** Selects; `by` tells a click in the timeline, which shows the details, from a link in a panel, which keeps the panel. */
export function select(next: Selection, by: "timeline" | "link" = "timeline"): void {
  batch(() => {
    const before = selection.value;
    if (by === "timeline" || next.kind === "none") areaBefore.value = null;
    else if (before.kind === "area") areaBefore.value = before;
    selection.value = next;
    focusedArrow.value = { outgoing: 0, incoming: 0 };
    areaArrows.value = [];
    if (next.kind !== "slice") {
      sliceDetails.value = null;
      arrows.value = [];
    }
    if (next.kind === "none") return;
    const { isOpen, tab } = drawer.value;
    if (!isOpen || by === "timeline" || !TABS_OF_LINKS.includes(tab)) openDrawer("selection");
  });
}

export function setCollapsed(keys: readonly string[], isCollapsed: boolean): void {
  const next = new Map(collapsed.value);
  for (const key of keys) next.set(key, isCollapsed);
  collapsed.value = next;
}
export function togglePin(key: string): void {
  pins.value = pins.value.includes(key) ? pins.value.filter((each) => each !== key) : [...pins.value, key];
}
export function toggleCompact(key: string): void {
  const next = new Set(compact.value);
  if (!next.delete(key)) next.add(key);
  compact.value = next;
}

const WORKSPACES_KEY = "kinetoscope.workspaces";
/** Traces whose workspaces the browser keeps, the latest first. */
const MAX_KEPT_TRACES = 50;
type Kept = { trace: string; workspaces: Workspace[] }[];

export function keptWorkspaces(traceId: string): Workspace[] {
  const kept = stored<Kept>(WORKSPACES_KEY, []);
  const found = Array.isArray(kept) ? kept.find((each) => each.trace === traceId)?.workspaces : undefined;
  return Array.isArray(found) ? found : [];
}
/** Changes the workspaces of the trace, in the browser's storage too; one that is gone is shown no more. */
export function setWorkspaces(next: Workspace[], shown: string | null = workspaceName.value): void {
  batch(() => {
    workspaces.value = next;
    workspaceName.value = next.some((each) => each.name === shown) ? shown : null;
  });
  const id = trace.value === null ? null : String(trace.value.entry.id);
  if (id === null) return;
  const kept = stored<Kept>(WORKSPACES_KEY, []);
  const others = Array.isArray(kept) ? kept.filter((each) => each.trace !== id) : [];
  store(WORKSPACES_KEY, [{ trace: id, workspaces: next }, ...others].slice(0, MAX_KEPT_TRACES));
}
export function changeWorkspace(change: (workspace: Workspace) => Workspace): void {
  const current = workspace.value;
  if (current === null) return;
  setWorkspaces(workspaces.value.map((each) => (each === current ? change(each) : each)));
}

export const modeOf = (key: string): CounterMode => counterModes.value.get(key) ?? PLAIN;
export function setMode(key: string, mode: CounterMode): void {
  counterModes.value = new Map(counterModes.value).set(key, mode);
}

let nextMark = 1;
export function addMark(mark: Omit<Mark, "id">): number {
  const id = nextMark++;
  const kept = mark.isTemporary ? marks.value.filter((each) => !each.isTemporary) : marks.value;
  marks.value = [...kept, { ...mark, id }];
  return id;
}
export function removeMark(id: number): void {
  marks.value = marks.value.filter((mark) => mark.id !== id);
  if (selection.value.kind === "mark" && selection.value.id === id) select({ kind: "none" });
}

/** Fetches details and arrows of the selected slice; an outdated fetch is aborted. */
export function followSelection(): () => void {
  return effect(() => {
    const selected = selection.value;
    const loaded = trace.value;
    if (selected.kind !== "slice" || loaded === null) return;
    const abort = new AbortController();
    const id = selected.id;
    loaded.client.slice(id, abort.signal).then((details) => {
      if (!abort.signal.aborted) sliceDetails.value = details;
    }, reportError);
    loaded.client.flows(id, abort.signal).then((answer) => {
      if (!abort.signal.aborted) arrows.value = answer.arrows;
    }, reportError);
    return () => abort.abort();
  });
}

/** The track ids of an area; null stands for all. */
export function areaTracks(tracks: readonly number[] | null): number[] {
  return tracks === null ? [...trackPlaces.value.keys()] : [...tracks];
}
