// Starts the page: finds out what the server has, opens the trace, and keeps the address in step with the view.
import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { Client } from "../api/client.ts";
import { embeddedClient } from "../api/embedded.ts";
import { beginPending, pendingLabels, whenIdle } from "../base/idle.ts";
import { decodeUrlState } from "../logic/url_state.ts";
import { goToSlice } from "../panels/jump.ts";
import * as store from "../state/store.ts";
import { controller, framesDrawn } from "../timeline/controller.ts";
import { App } from "./app.tsx";
import { COMMANDS, keysOf } from "./commands.ts";
import { attachKeyboard } from "./keyboard.ts";
import { currentUrlState, openTrace, takePendingReveal, takePendingScroll } from "./open_trace.ts";
import { watchPageAge } from "./page_age.ts";
import "./style.css";

declare global {
  interface Window {
    /** Resolves when nothing is pending: no request, no frame, no motion. */
    kinetoscopeIdle: () => Promise<void>;
    /** Read-only looks at the state, for journeys and for bug reports. */
    kinetoscope: Record<string, () => unknown>;
  }
}

window.kinetoscopeIdle = whenIdle;
window.kinetoscope = {
  view: () => store.view.value,
  bounds: () => store.bounds.value,
  selection: () => store.selection.value,
  details: () => store.sliceDetails.value,
  arrows: () => controller.value?.placedArrows() ?? [],
  marks: () => store.marks.value,
  pins: () => store.pins.value,
  workspace: () => store.workspace.value,
  workspaces: () => store.workspaces.value,
  counterModes: () => Object.fromEntries(store.counterModes.value),
  debugTracks: () => store.debugTracks.value.map((each) => ({ name: each.node.name, rows: each.rows.length })),
  areaArrows: () => store.areaArrows.value,
  drawer: () => store.drawer.value,
  search: () => store.search.value,
  scrollTop: () => store.scrollTop.value,
  pending: () => pendingLabels(),
  frames: () => framesDrawn,
  commands: () => COMMANDS.map((command) => ({ id: command.id, keys: keysOf(command) })),
  rows: () =>
    store.layout.value.rows.map((row) => ({ key: row.node.key, name: row.node.name, y: row.y, height: row.height })),
};

store.client.value = embeddedClient() ?? new Client();
store.followSelection();
attachKeyboard();
effect(() => {
  document.documentElement.dataset["theme"] = store.isDark.value ? "dark" : "light";
});

let urlTimer: ReturnType<typeof setTimeout> | null = null;
effect(() => {
  const state = currentUrlState();
  if (state === "" || store.trace.value === null) return;
  if (urlTimer !== null) clearTimeout(urlTimer);
  // Browsers limit how often the address may change; it follows when the view rests.
  urlTimer = setTimeout(() => history.replaceState(null, "", `#${state}`), 250);
});
effect(() => {
  void store.viewport.value;
  if (controller.value === null) return;
  const scroll = takePendingScroll();
  if (scroll !== null) store.setScroll(scroll);
  const slice = takePendingReveal();
  if (slice !== null) untracked(() => void goToSlice(slice, "fit"));
});
window.addEventListener("hashchange", () => {
  const trace = store.trace.value;
  if (urlTimer !== null) clearTimeout(urlTimer);
  const linked = decodeUrlState(location.hash).trace;
  const id = store.info.value?.traces.find((entry) => String(entry.id) === linked)?.id ?? trace?.entry.id;
  if (id !== undefined) void openTrace(id, location.hash);
});

async function start(): Promise<void> {
  const end = beginPending("start");
  try {
    const info = await store.client.value!.info();
    store.info.value = info;
    if (info.mode !== "file") watchPageAge(info.page_fingerprint);
    const linked = decodeUrlState(location.hash).trace;
    const wanted = info.traces.find((entry) => String(entry.id) === linked);
    if (wanted !== undefined) await openTrace(wanted.id, location.hash);
    else if (info.mode !== "serve" && info.traces[0] !== undefined) await openTrace(info.traces[0].id, location.hash);
  } catch (error) {
    store.reportError(error);
  } finally {
    end();
  }
}

render(<App />, document.querySelector("#app")!);
void start();
