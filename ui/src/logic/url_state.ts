// What a link carries: trace, view, selection, pins, marks and folding, in the fragment, which never leaves the browser.
// Unknown or broken parts are left out, so that links of other versions still open.

export interface Mark {
  id: number;
  start: number;
  /** Null for a flag at one time. */
  end: number | null;
  text: string;
  isTemporary: boolean;
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
  return params.toString();
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
  return state;
}
