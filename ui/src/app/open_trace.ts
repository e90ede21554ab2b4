// Opening a trace: asks the server, follows the progress, loads what the timeline needs, restores the linked view.
import { batch } from "@preact/signals";
import type { TraceEntry } from "../api/types.ts";
import { beginPending } from "../base/idle.ts";
import { firstLayout } from "../logic/first_layout.ts";
import { decodeUrlState, encodeUrlState } from "../logic/url_state.ts";
import { merged } from "../logic/workspaces.ts";
import { activeTab, adoptTabs, EXAMPLES, forgetRuns, makeTracksAgain, tabs } from "../panels/sql_panel.tsx";
import * as store from "../state/store.ts";

const POLL_MILLIS = 200;
/** Top bar, overview, axis, legend and the closed drawer. */
const AROUND_PX = 180;
let current = 0;

const later = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));

/** Opens a trace and shows it as `fragment` says, which may be empty; a later call, or `cancelOpening`, makes an earlier one stop. */
export async function openTrace(id: TraceEntry["id"], fragment: string): Promise<void> {
  const mine = ++current;
  const client = store.client.value!;
  const remote = client.trace(id);
  const end = beginPending("open");
  try {
    let entry = await remote.entry();
    store.opening.value = entry;
    if (entry.state === "closed" || entry.state === "failed") {
      await remote.open();
      entry = await remote.entry();
    }
    while (entry.state === "opening" || entry.state === "closed") {
      if (mine !== current) return;
      store.opening.value = entry;
      await later(POLL_MILLIS);
      entry = await remote.entry();
    }
    if (mine !== current) return;
    if (entry.state === "failed") {
      store.opening.value = entry;
      return;
    }
    const [overview, { nodes }] = await Promise.all([remote.overview(), remote.tracks()]);
    if (mine !== current) return;
    batch(() => {
      store.select({ kind: "none" });
      store.search.value = { ...store.search.value, text: "", result: null, index: -1 };
      store.debugTracks.value = [];
      store.pendingRecipes.value = [];
      store.marks.value = [];
      store.pins.value = [];
      // Until there is a timeline, its height is that of the page without what is around it.
      const isShown = document.querySelector(".track-canvas") !== null;
      const first = firstLayout(nodes, isShown ? store.viewport.value.height : window.innerHeight - AROUND_PX);
      forgetRuns();
      store.counterModes.value = new Map();
      store.sliceFilter.value = "";
      store.collapsed.value = first.collapsed;
      store.compact.value = first.compact;
      store.trackFilter.value = "";
      store.drawer.value = { ...store.drawer.value, isOpen: false };
      store.trace.value = { entry, client: remote, overview, nodes };
      store.opening.value = null;
      store.view.value = store.bounds.value;
      store.scrollTop.value = 0;
      restoreUrlState(fragment);
    });
    document.title = `${entry.name} · Kinetoscope`;
  } catch (error) {
    if (mine !== current) return;
    store.opening.value = null;
    store.reportError(error);
  } finally {
    end();
  }
}

export async function cancelOpening(id: TraceEntry["id"]): Promise<void> {
  current++;
  store.opening.value = null;
  await store.client.value!.trace(id).cancelOpening().catch(store.reportError);
}

export function closeTrace(): void {
  current++;
  forgetRuns();
  batch(() => {
    store.select({ kind: "none" });
    store.trace.value = null;
    store.opening.value = null;
  });
  document.title = "Kinetoscope";
  history.replaceState(null, "", location.pathname);
}

function restoreUrlState(fragment: string): void {
  const state = decodeUrlState(fragment);
  store.setWorkspaces(store.keptWorkspaces(String(store.trace.value?.entry.id)), null);
  if (state.trace !== null && state.trace !== String(store.trace.value?.entry.id)) return;
  store.pins.value = state.pins;
  store.collapsed.value = new Map([...store.collapsed.value, ...state.folded]);
  if (state.thin !== null) store.compact.value = new Set(state.thin);
  store.trackFilter.value = state.filter;
  store.sliceFilter.value = state.sliceFilter;
  store.counterModes.value = new Map(state.counters);
  const kept = store.keptWorkspaces(String(store.trace.value?.entry.id));
  if (state.workspaces.length > 0) store.setWorkspaces(merged(kept, state.workspaces), state.workspace);
  if (state.sqlTabs.length > 0) adoptTabs(state.sqlTabs, state.sqlTab);
  if (state.recipes.length > 0 && !store.isFile.value) void makeTracksAgain(state.recipes);
  for (const mark of state.marks) store.addMark(mark);
  if (state.view !== null) store.setView(state.view);
  if (state.slice !== null) store.select({ kind: "slice", id: state.slice });
  if (state.slice !== null && state.view === null) pendingReveal = state.slice;
  if (state.slice === null && state.area !== null) store.select({ kind: "area", ...state.area });
  if (state.scroll !== null) pendingScroll = state.scroll;
  const panel = store.DRAWER_TABS.find((each) => each === state.panel);
  if (panel !== undefined) store.openDrawer(panel);
}

/** A link to a slice alone shows it, once there is a timeline. */
let pendingReveal: number | null = null;
export function takePendingReveal(): number | null {
  const slice = pendingReveal;
  pendingReveal = null;
  return slice;
}

/** Scrolling waits for the timeline to have measured itself. */
let pendingScroll: number | null = null;
export function takePendingScroll(): number | null {
  const scroll = pendingScroll;
  pendingScroll = null;
  return scroll;
}

export function currentUrlState(): string {
  const trace = store.trace.value;
  if (trace === null) return "";
  const selected = store.selection.value;
  const { start, end } = store.view.value;
  const isWhole = start <= store.bounds.value.start && end >= store.bounds.value.end;
  // The first example, as it stands in a browser that never wrote a query, is nobody's.
  const written = tabs.value.filter((tab) => tab.sql.trim() !== "" && tab.sql !== EXAMPLES[0]!.sql);
  const front = written.findIndex((tab) => tab.id === activeTab.value);
  return encodeUrlState({
    trace: String(trace.entry.id),
    view: isWhole ? null : { start, end },
    slice: selected.kind === "slice" ? selected.id : null,
    area:
      selected.kind === "area" ? { ...selected, tracks: selected.tracks === null ? null : [...selected.tracks] } : null,
    pins: store.pins.value,
    marks: store.marks.value,
    folded: [...store.collapsed.value],
    scroll: store.scrollTop.value,
    filter: store.trackFilter.value,
    sliceFilter: store.sliceFilter.value,
    thin: [...store.compact.value],
    workspaces: store.workspaces.value,
    workspace: store.workspaceName.value,
    counters: [...store.counterModes.value],
    recipes: [...store.debugTracks.value.map((each) => each.recipe), ...store.pendingRecipes.value],
    sqlTabs: written.map(({ title, sql }) => ({ title, sql })),
    sqlTab: front < 0 ? null : front,
    panel: store.drawer.value.isOpen ? store.drawer.value.tab : null,
  });
}
