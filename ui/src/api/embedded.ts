// The answers of API v1 out of the page's own file: what `kinetoscope export --to html` writes. Whole answers and details
// of slices stand there as a server would give them; what adds up many slices is worked out here, from those of the file.
import { beginPending } from "../base/idle.ts";
import { ApiError, Client, TraceClient } from "./client.ts";
import * as answers from "./embedded_answers.ts";
import type * as T from "./types.ts";
import { decodeViewport, type TrackColumns } from "./viewport_frame.ts";

export interface EmbeddedData {
  head: {
    format: number;
    start: number;
    end: number;
    answers: number;
    /** Slice, its details, its arrows. */
    slices: [number, number, number][];
    names: number;
    viewport: string;
  };
  /** Texts and numbers as they are, `[0, …]` for a list, `[1 + shape, …]` for an object; what is inside are places here. */
  pool: (string | number | boolean | null | number[])[];
  shapes: string[][];
}
export const FORMAT = 1;

/** Puts a value of the pool together. */
export function valueAt(data: EmbeddedData, place: number): unknown {
  const found = data.pool[place];
  if (!Array.isArray(found)) return found;
  const parts = found.slice(1).map((part) => valueAt(data, part));
  if (found[0] === 0) return parts;
  return Object.fromEntries(data.shapes[found[0]! - 1]!.map((key, i) => [key, parts[i]]));
}

/** One field of an object of the pool, without the rest of it. */
export function fieldAt(data: EmbeddedData, place: number, key: string): unknown {
  const found = data.pool[place];
  if (!Array.isArray(found) || found[0] === 0) return undefined;
  const at = data.shapes[found[0]! - 1]!.indexOf(key);
  return at < 0 ? undefined : valueAt(data, found[at + 1]!);
}

export function bytesOfBase64(text: string): ArrayBuffer {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}

const NEEDS_THE_TRACE = {
  message: "this file holds a window of a trace, and not the trace itself",
  hint: "open the trace with `kinetoscope open` to ask for more",
  place: null,
};

type Whole = Record<"info" | "overview" | "tracks" | "summary" | "warnings", unknown>;
type Body = { start: number; end: number; tracks: number[] };

export class EmbeddedClient extends Client {
  private readonly data: EmbeddedData;
  private readonly whole: Whole;
  private readonly names: Record<string, string>;
  private readonly places = new Map<number, { details: number; arrows: number }>();
  private readonly columns: ReturnType<typeof decodeViewport>;
  private known: answers.KnownSlice[] | null = null;

  constructor(data: EmbeddedData) {
    super();
    if (data.head.format !== FORMAT) throw new Error(`a file of format ${data.head.format}, not ${FORMAT}`);
    this.data = data;
    this.whole = valueAt(data, data.head.answers) as Whole;
    this.names = valueAt(data, data.head.names) as Record<string, string>;
    for (const [slice, details, arrows] of data.head.slices) this.places.set(slice, { details, arrows });
    this.columns = decodeViewport(bytesOfBase64(data.head.viewport));
  }

  override info = () => Promise.resolve(this.whole.info as T.Info);
  override trace(id: T.TraceEntry["id"]): TraceClient {
    return new EmbeddedTraceClient(`traces/${id}`, this);
  }

  override async request<R>(path: string, body?: unknown, signal?: AbortSignal): Promise<R> {
    const end = beginPending(path);
    try {
      // As if it had been asked for: whoever waits sees no answer before it has asked.
      await Promise.resolve();
      signal?.throwIfAborted();
      return this.answer(path, body) as R;
    } finally {
      end();
    }
  }
  override binary(): Promise<ArrayBuffer> {
    return Promise.reject(new ApiError(404, NEEDS_THE_TRACE));
  }
  override stream(): Promise<void> {
    return Promise.reject(new ApiError(404, NEEDS_THE_TRACE));
  }

  /** The columns of tracks, whole: what is in a file is little enough to be drawn unfolded. */
  viewport(tracks: readonly number[]): { trackId: number; columns: TrackColumns }[] {
    const empty = new Uint16Array(0);
    return tracks.map((trackId) => {
      const found = this.columns.find((each) => each.trackId === trackId);
      return found ?? { trackId, columns: answers.emptyColumns(empty) };
    });
  }

  nameOf(slice: number): string | undefined {
    const place = this.places.get(slice);
    return place === undefined ? undefined : (fieldAt(this.data, place.details, "name") as string);
  }

  private detailsOf(slice: number): T.SliceDetails {
    const place = this.places.get(slice);
    if (place === undefined)
      throw new ApiError(404, { ...NEEDS_THE_TRACE, message: `slice ${slice} is outside of this file's window` });
    return valueAt(this.data, place.details) as T.SliceDetails;
  }
  private arrowsOf(slice: number): T.FlowArrow[] {
    const place = this.places.get(slice);
    return place === undefined ? [] : (valueAt(this.data, place.arrows) as { arrows: T.FlowArrow[] }).arrows;
  }

  /** What sums need of every slice, once it is needed. */
  private slices(): answers.KnownSlice[] {
    if (this.known !== null) return this.known;
    const { end } = this.data.head;
    const overview = this.whole.overview as T.TraceOverview;
    this.known = this.data.head.slices.map(([id, place]) => {
      const field = (key: string) => fieldAt(this.data, place, key);
      const dur = field("dur") as number | null;
      const device = field("gpu") === null ? null : (field("device") as T.SliceDetails["device"]);
      const ts = field("ts") as number;
      return {
        id,
        name: field("name") as string,
        category: field("category") as string | null,
        ts,
        end: dur === null ? Math.max(end, overview.end) : ts + dur,
        dur,
        track: field("track_id") as number,
        parent: field("parent_id") as number | null,
        class: String(field("class") ?? "none"),
        device,
      };
    });
    return this.known;
  }

  private answer(path: string, body: unknown): unknown {
    const [, , what, id, more] = path.split(/[/?]/);
    switch (what) {
      case undefined:
        return (this.whole.info as T.Info).traces[0];
      case "open":
        return undefined;
      case "overview":
      case "tracks":
      case "summary":
      case "warnings":
        return this.whole[what];
      case "names":
        return { names: (body as { ids: number[] }).ids.map((name) => this.names[name] ?? "") };
      case "slices": {
        const slice = Number(id);
        if (more === undefined) return this.detailsOf(slice);
        if (more === "flows") return { arrows: this.arrowsOf(slice) };
        if (more === "same-name") return answers.sameName(this.slices(), this.detailsOf(slice));
        if (more === "neighbour") {
          return { slice: answers.neighbour(this.slices(), this.detailsOf(slice), /next$/.test(path)) };
        }
        break;
      }
      case "search":
        return answers.search(
          this.slices(),
          body as T.SearchRequest,
          this.data.head,
          (slice) => this.detailsOf(slice).args,
        );
      case "area":
        return answers.area(this.slices(), body as Body & { by: T.AreaGrouping }, this.trackName);
      case "area-flows":
        return answers.areaFlows(this.slices(), body as Body & { limit: number }, (slice) => this.arrowsOf(slice));
      case "flamegraph":
        return answers.flamegraph(this.slices(), body as Body & { direction: "top_down" | "bottom_up" });
    }
    throw new ApiError(404, NEEDS_THE_TRACE);
  }

  private readonly trackName = (track: number): string => {
    const find = (nodes: readonly T.TrackNode[]): string | undefined => {
      for (const node of nodes) {
        const name = node.tracks.some((each) => each.id === track) ? node.name : find(node.children);
        if (name !== undefined) return name;
      }
      return undefined;
    };
    return find((this.whole.tracks as { nodes: T.TrackNode[] }).nodes) ?? `track ${track}`;
  };
}

class EmbeddedTraceClient extends TraceClient {
  private readonly file: EmbeddedClient;
  constructor(path: string, file: EmbeddedClient) {
    super(path, file);
    this.file = file;
  }
  override viewport(body: { tracks: number[] }): Promise<{ trackId: number; columns: TrackColumns }[]> {
    return Promise.resolve(this.file.viewport(body.tracks));
  }
  override namesOfSlices(ids: readonly number[]): Promise<Map<number, string>> {
    return Promise.resolve(new Map(ids.map((id) => [id, this.file.nameOf(id) ?? `slice ${id}`])));
  }
}

/** The client of the data in this document; null when there is none, and a server has to be asked. */
export function embeddedClient(): EmbeddedClient | null {
  const text = document.querySelector("#kinetoscope-window")?.textContent;
  return text == null ? null : new EmbeddedClient(JSON.parse(text) as EmbeddedData);
}
