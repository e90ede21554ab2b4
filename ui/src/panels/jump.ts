// Going somewhere: to a slice by id, along arrows, to neighbours. One place, so that links, keys and tables agree.
import { controller } from "../timeline/controller.ts";
import * as store from "../state/store.ts";

export async function goToSlice(id: number, mode: "see" | "fit" = "see"): Promise<void> {
  const trace = store.trace.value;
  if (trace === null) return;
  try {
    const details = await trace.client.slice(id);
    store.select({ kind: "slice", id }, "link");
    store.sliceDetails.value = details;
    controller.value?.revealSlice(details, mode);
  } catch (error) {
    store.reportError(error);
  }
}

export async function goToNeighbour(direction: "next" | "previous"): Promise<void> {
  const trace = store.trace.value;
  const selected = store.selection.value;
  if (trace === null) return;
  if (selected.kind === "area") {
    const slice = controller.value?.sliceIn(selected, direction === "next" ? "first" : "last") ?? null;
    if (slice === null) store.notify("No event begins in this area on a track that is shown.");
    else await goToSlice(slice);
    return;
  }
  if (selected.kind !== "slice") return;
  try {
    const { slice } = await trace.client.neighbour(selected.id, direction);
    if (slice === null) store.notify(`This is the ${direction === "next" ? "last" : "first"} event of its track.`);
    else await goToSlice(slice);
  } catch (error) {
    store.reportError(error);
  }
}

const arrowsIn = (direction: "outgoing" | "incoming") => {
  const selected = store.selection.value;
  if (selected.kind !== "slice") return [];
  return store.arrows.value.filter((arrow) => (arrow.from.slice === selected.id) === (direction === "outgoing"));
};

export function followArrow(direction: "outgoing" | "incoming"): void {
  const arrow = arrowsIn(direction)[store.focusedArrow.value[direction]];
  if (arrow === undefined) {
    if (store.selection.value.kind === "slice")
      store.notify(`No flow ${direction === "outgoing" ? "leaves" : "enters"} this slice.`);
    return;
  }
  void goToSlice(direction === "outgoing" ? arrow.to.slice : arrow.from.slice);
}

/** Chooses which of several arrows the keys follow. */
export function cycleArrow(direction: "outgoing" | "incoming"): void {
  const count = arrowsIn(direction).length;
  if (count > 0) {
    const focus = store.focusedArrow.value;
    store.focusedArrow.value = { ...focus, [direction]: (focus[direction] + 1) % count };
  }
}

let lastFocus: { selection: store.Selection; at: number } | null = null;

/** Brings the selection into view; a second time fits it. */
export function focusSelection(): void {
  const selected = store.selection.value;
  const c = controller.value;
  if (c === null || selected.kind === "none") return;
  const isAgain = lastFocus?.selection === selected && performance.now() - lastFocus.at < 4000;
  lastFocus = { selection: selected, at: performance.now() };
  if (selected.kind === "slice") {
    const details = store.sliceDetails.value;
    if (details?.id === selected.id) c.revealSlice(details, isAgain ? "fit" : "see");
    else void goToSlice(selected.id, isAgain ? "fit" : "see");
    return;
  }
  const range = selectedRange();
  if (range === null) return;
  const span = Math.max(range.end - range.start, 10);
  const { start, end } = store.view.value;
  const isInView = range.start >= start && range.end <= end;
  if (isAgain || span > end - start) c.glideTo({ start: range.start - span * 0.1, end: range.end + span * 0.1 });
  else if (!isInView) c.centerAt((range.start + range.end) / 2);
}

/** The time range of whatever is selected. */
export function selectedRange(): { start: number; end: number } | null {
  const selected = store.selection.value;
  if (selected.kind === "area") return { start: selected.start, end: selected.end };
  if (selected.kind === "slice") {
    const details = store.sliceDetails.value;
    if (details === null || details.id !== selected.id) return null;
    return { start: details.ts, end: details.dur === null ? store.bounds.value.end : details.ts + details.dur };
  }
  if (selected.kind === "mark") {
    const mark = store.marks.value.find((each) => each.id === selected.id);
    return mark === undefined ? null : { start: mark.start, end: mark.end ?? mark.start };
  }
  return null;
}

export function convertToArea(): void {
  const range = selectedRange();
  const details = store.sliceDetails.value;
  if (range === null || store.selection.value.kind === "area") return;
  const tracks = store.selection.value.kind === "slice" && details !== null ? [details.track_id] : null;
  store.select({ kind: "area", ...range, end: Math.max(range.end, range.start + 1), tracks });
}

/** First the whole track of the selected slice, then everything. */
export function selectAll(): void {
  const selected = store.selection.value;
  const details = store.sliceDetails.value;
  const tracks = selected.kind === "slice" && details !== null ? [details.track_id] : null;
  const { start, end } = store.bounds.value;
  store.select({ kind: "area", start, end, tracks });
}

export function markSelection(isTemporary: boolean): void {
  const range = selectedRange();
  if (range === null) {
    store.notify("Select a slice or an area first, then mark it.");
    return;
  }
  const name = store.selection.value.kind === "slice" ? (store.sliceDetails.value?.name ?? "") : "";
  store.addMark({ start: range.start, end: range.end, text: isTemporary ? "" : name.slice(0, 60), isTemporary });
}
