// Runs searches and steps through their hits. The newest search wins; what it replaces is aborted, in the server too.
import { controller } from "../timeline/controller.ts";
import * as store from "../state/store.ts";

/** Hits whose times and ids are fetched; all are counted and drawn as ticks. */
export const HIT_LIMIT = 10_000;
let abort: AbortController | null = null;

export async function runSearch(text: string, places = store.search.value.places): Promise<void> {
  abort?.abort();
  const trace = store.trace.value;
  if (text.trim() === "" || trace === null) {
    store.search.value = { text, result: null, index: -1, places, isRunning: false };
    return;
  }
  abort = new AbortController();
  const mine = abort;
  store.search.value = { ...store.search.value, text, places, isRunning: true };
  try {
    const result = await trace.client.search({ text, in: places, limit: HIT_LIMIT }, mine.signal);
    if (mine.signal.aborted) return;
    store.search.value = { text, result, index: -1, places, isRunning: false };
  } catch (error) {
    if (mine.signal.aborted) return;
    store.search.value = { text, result: null, index: -1, places, isRunning: false };
    store.reportError(error);
  }
}

export function showHit(index: number): void {
  const { result } = store.search.value;
  if (result === null || result.ids[index] === undefined) return;
  store.search.value = { ...store.search.value, index };
  const slice = { ts: result.ts[index]!, dur: result.dur[index]!, track_id: result.tracks[index]!, depth: 0 };
  store.select({ kind: "slice", id: result.ids[index]! }, "link");
  controller.value?.revealSlice(slice, "see");
}

/** The next or previous hit; the first step begins at what the window shows. */
export function stepHit(direction: 1 | -1): void {
  const { result, index } = store.search.value;
  if (result === null || result.ids.length === 0) return;
  if (index >= 0) {
    const count = result.ids.length;
    showHit((index + direction + count) % count);
    return;
  }
  const { start, end } = store.view.value;
  const inView = result.ts.findIndex((ts) => ts >= start);
  if (direction === 1) showHit(inView < 0 ? 0 : inView);
  else {
    const after = result.ts.findIndex((ts) => ts > end);
    showHit(((after < 0 ? result.ids.length : after) - 1 + result.ids.length) % result.ids.length);
  }
}
