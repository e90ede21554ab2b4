// Every command of the page with its keys, in one list: the help, the palette and the keyboard read nothing else.
import { keysFor } from "../logic/keys.ts";
import * as jump from "../panels/jump.ts";
import { saveAs } from "../panels/widgets.tsx";
import { stepHit } from "../panels/search.ts";
import * as store from "../state/store.ts";
import { controller } from "../timeline/controller.ts";

export interface Command {
  id: string;
  title: string;
  group: "Move" | "Select" | "Find" | "Panels" | "Tracks" | "View" | "SQL";
  keys: readonly string[];
  run: () => void;
  /** What to do when the key is let go; such a command runs once per press. */
  release?: () => void;
  /** Works while a text field has the keyboard. */
  inText?: boolean;
}

export function focusOmnibox(prefix = ""): void {
  const input = document.querySelector<HTMLInputElement>("#omnibox");
  if (input === null) return;
  input.focus();
  if (prefix !== "") {
    input.value = prefix;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  } else input.select();
}

function toggleDrawer(): void {
  store.drawer.value = { ...store.drawer.value, isOpen: !store.drawer.value.isOpen };
}
function showTab(tab: store.DrawerTab): void {
  const { isOpen, tab: current } = store.drawer.value;
  if (isOpen && current === tab) toggleDrawer();
  else store.openDrawer(tab);
}
function escape(): void {
  if (store.dialog.value !== "none") store.dialog.value = "none";
  else if (store.selection.value.kind !== "none") store.select({ kind: "none" });
  else if (store.notices.value.length > 0) store.notices.value = [];
}
function removeMark(): void {
  const selected = store.selection.value;
  if (selected.kind === "mark") store.removeMark(selected.id);
}
function cycleTheme(): void {
  store.changeSettings({ theme: store.isDark.value ? "light" : "dark" });
}
function setFormat(timeFormat: store.Settings["timeFormat"]): () => void {
  return () => store.changeSettings({ timeFormat });
}
function hold(id: string, zoom: number, pan: number): Pick<Command, "run" | "release"> {
  return { run: () => controller.value?.hold(id, zoom, pan), release: () => controller.value?.release(id) };
}
const openDialog = (dialog: typeof store.dialog.value) => () => (store.dialog.value = dialog);
const copyLink = () =>
  navigator.clipboard.writeText(location.href).then(() => store.notify("Link copied."), store.reportError);

/** Saves what the window shows as a file that opens without a server. */
async function exportWindow(): Promise<void> {
  const trace = store.trace.value;
  if (trace === null) return;
  if (store.isFile.value) {
    store.notify("This page is such a file already.");
    return;
  }
  const { start, end } = store.view.value;
  store.notify("Writing the window as a file…");
  try {
    const window = { start: Math.floor(start), end: Math.ceil(end) };
    const bytes = await trace.client.exportHtml(window, new AbortController().signal);
    const name = trace.entry.name.replace(/(\.pt)?(\.trace)?(\.json)?(\.gz|\.zst)?$/i, "");
    saveAs(`${name}-${window.start}-${window.end}.html`, bytes, "text/html");
  } catch (error) {
    store.reportError(error);
  }
}

export const COMMANDS: readonly Command[] = [
  { id: "zoom_in", title: "Zoom in at the mouse", group: "Move", keys: ["W", "ArrowUp"], ...hold("in", 1, 0) },
  { id: "zoom_out", title: "Zoom out", group: "Move", keys: ["S", "ArrowDown"], ...hold("out", -1, 0) },
  { id: "pan_left", title: "Pan left", group: "Move", keys: ["A", "ArrowLeft"], ...hold("left", 0, -1) },
  { id: "pan_right", title: "Pan right", group: "Move", keys: ["D", "ArrowRight"], ...hold("right", 0, 1) },
  {
    id: "center",
    title: "Centre the view at the mouse",
    group: "Move",
    keys: ["E"],
    run: () => controller.value?.centerAt(controller.value.anchor()),
  },
  { id: "focus", title: "Show the selection; again: fit it", group: "Move", keys: ["F"], run: jump.focusSelection },
  {
    id: "whole",
    title: "Show the whole trace",
    group: "Move",
    keys: ["Home", "0"],
    run: () => controller.value?.glideTo(store.bounds.value),
  },
  {
    id: "page_down",
    title: "Scroll down a page",
    group: "Move",
    keys: ["PageDown"],
    run: () => store.setScroll(store.scrollTop.value + store.viewport.value.height * 0.8),
  },
  {
    id: "page_up",
    title: "Scroll up a page",
    group: "Move",
    keys: ["PageUp"],
    run: () => store.setScroll(store.scrollTop.value - store.viewport.value.height * 0.8),
  },
  {
    id: "next_event",
    title: "Next event on the track; first of an area",
    group: "Select",
    keys: ["."],
    run: () => void jump.goToNeighbour("next"),
  },
  {
    id: "previous_event",
    title: "Previous event on the track; last of an area",
    group: "Select",
    keys: [","],
    run: () => void jump.goToNeighbour("previous"),
  },
  {
    id: "follow_flow",
    title: "Follow the flow forward",
    group: "Select",
    keys: ["]"],
    run: () => jump.followArrow("outgoing"),
  },
  {
    id: "follow_flow_back",
    title: "Follow the flow back",
    group: "Select",
    keys: ["["],
    run: () => jump.followArrow("incoming"),
  },
  {
    id: "cycle_flow",
    title: "Choose among outgoing flows",
    group: "Select",
    keys: ["Mod+]"],
    run: () => jump.cycleArrow("outgoing"),
  },
  {
    id: "cycle_flow_back",
    title: "Choose among incoming flows",
    group: "Select",
    keys: ["Mod+["],
    run: () => jump.cycleArrow("incoming"),
  },
  { id: "mark", title: "Mark the selection", group: "Select", keys: ["M"], run: () => jump.markSelection(true) },
  {
    id: "keep_mark",
    title: "Mark the selection and keep the mark",
    group: "Select",
    keys: ["Shift+M"],
    run: () => jump.markSelection(false),
  },
  {
    id: "remove_mark",
    title: "Remove the selected mark",
    group: "Select",
    keys: ["Delete", "Backspace"],
    run: removeMark,
  },
  { id: "to_area", title: "Turn the selection into an area", group: "Select", keys: ["R"], run: jump.convertToArea },
  {
    id: "select_all",
    title: "Select the whole track; again: everything",
    group: "Select",
    keys: ["Mod+A"],
    run: jump.selectAll,
  },
  { id: "deselect", title: "Close the dialog, or deselect", group: "Select", keys: ["Escape"], run: escape },
  { id: "search", title: "Search", group: "Find", keys: ["/"], run: () => focusOmnibox() },
  { id: "next_hit", title: "Next hit", group: "Find", keys: ["Enter"], run: () => stepHit(1) },
  { id: "previous_hit", title: "Previous hit", group: "Find", keys: ["Shift+Enter"], run: () => stepHit(-1) },
  { id: "find_track", title: "Find a track", group: "Find", keys: ["Mod+P"], inText: true, run: openDialog("finder") },
  {
    id: "palette",
    title: "Command palette",
    group: "Find",
    keys: ["Mod+Shift+P", "F1"],
    inText: true,
    run: openDialog("palette"),
  },
  {
    id: "gpu",
    title: "Show the rows of the GPU",
    group: "Move",
    keys: ["G"],
    run: () => {
      const region = store.layout.value.rows.find((row) => row.node.kind === "region" && row.node.name === "GPU");
      if (region === undefined) store.notify("This trace has no work of a GPU.");
      else controller.value?.revealNode(region.node.key);
    },
  },
  { id: "pin_track", title: "Find a track and pin it", group: "Tracks", keys: ["Shift+T"], run: openDialog("pin") },
  { id: "unpin_all", title: "Unpin all tracks", group: "Tracks", keys: [], run: () => (store.pins.value = []) },
  {
    id: "workspaces",
    title: "Workspaces: show, make of pinned, filtered or selected tracks",
    group: "Tracks",
    keys: ["Shift+W"],
    run: openDialog("workspaces"),
  },
  {
    id: "all_tracks",
    title: "Show all tracks: leave the workspace",
    group: "Tracks",
    keys: [],
    run: () => (store.workspaceName.value = null),
  },
  {
    id: "filter_tracks",
    title: "Filter tracks",
    group: "Tracks",
    keys: ["T"],
    run: () => document.querySelector<HTMLInputElement>("#track-filter")?.focus(),
  },
  {
    id: "filter_slices",
    title: "Fade slices that do not match",
    group: "Tracks",
    keys: ["H"],
    run: () => document.querySelector<HTMLInputElement>("#slice-filter")?.focus(),
  },
  {
    id: "remove_debug_tracks",
    title: "Remove all debug tracks",
    group: "Tracks",
    keys: [],
    run: () => (store.debugTracks.value = []),
  },
  { id: "drawer", title: "Open or close the drawer", group: "Panels", keys: ["Q"], run: toggleDrawer },
  { id: "summary", title: "Summary: what was found", group: "Panels", keys: ["U"], run: () => showTab("summary") },
  { id: "details", title: "Selection", group: "Panels", keys: [], run: () => showTab("selection") },
  { id: "sql", title: "SQL", group: "SQL", keys: ["Mod+Shift+S"], inText: true, run: () => showTab("sql") },
  { id: "hits", title: "Search results", group: "Panels", keys: [], run: () => showTab("search") },
  { id: "warnings", title: "Warnings of the trace", group: "Panels", keys: [], run: () => showTab("warnings") },
  { id: "info", title: "About this trace", group: "Panels", keys: ["I"], run: () => showTab("info") },
  { id: "marks", title: "Marks", group: "Panels", keys: [], run: () => showTab("marks") },
  { id: "help", title: "Help: keys and mouse", group: "View", keys: ["?"], run: openDialog("help") },
  { id: "theme", title: "Switch between light and dark", group: "View", keys: [], run: cycleTheme },
  {
    id: "theme_system",
    title: "Theme of the system",
    group: "View",
    keys: [],
    run: () => store.changeSettings({ theme: "system" }),
  },
  { id: "time_auto", title: "Times in fitting units", group: "View", keys: [], run: setFormat("auto") },
  { id: "time_s", title: "Times in seconds", group: "View", keys: [], run: setFormat("seconds") },
  { id: "time_ms", title: "Times in milliseconds", group: "View", keys: [], run: setFormat("milliseconds") },
  { id: "time_us", title: "Times in microseconds", group: "View", keys: [], run: setFormat("microseconds") },
  { id: "time_ns", title: "Times in nanoseconds", group: "View", keys: [], run: setFormat("nanoseconds") },
  {
    id: "export_html",
    title: "Export this window as HTML",
    group: "View",
    keys: ["Mod+S"],
    run: () => void exportWindow(),
  },
  { id: "copy_link", title: "Copy a link to this view", group: "View", keys: [], run: () => void copyLink() },
];

export const keysOf = (command: Command): readonly string[] =>
  keysFor(command.id, command.keys, store.settings.value.keys);

export function commandForChord(chord: string): Command | undefined {
  return COMMANDS.find((command) => keysOf(command).includes(chord));
}
