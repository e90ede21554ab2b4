// One method for each request of API v1. Every request can be aborted, which also stops it in the server,
// and is counted while it runs, so that the page knows when it is idle.
import { beginPending } from "../base/idle.ts";
import { applyFrame, emptyResult, FrameReader, type QueryResult } from "./query_stream.ts";
import type * as T from "./types.ts";
import { decodeViewport } from "./viewport_frame.ts";

export class ApiError extends Error {
  readonly status: number;
  readonly hint: string | null;
  readonly place: T.ErrorPlace | null;
  constructor(status: number, body: T.ErrorBody) {
    super(body.message);
    this.status = status;
    this.hint = body.hint;
    this.place = body.place;
  }
}

export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === "AbortError";

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { error: T.ErrorBody };
    if (typeof body.error?.message === "string") return new ApiError(response.status, { ...body.error });
  } catch {
    // Not our JSON: a proxy or a dying server. The status and text are all there is.
  }
  return new ApiError(response.status, {
    message: `the server answered ${response.status}`,
    hint: text || null,
    place: null,
  });
}

export class Client {
  private readonly base: string;
  constructor(base = "api/v1/") {
    this.base = base;
  }

  private async send(label: string, path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(this.base + path, init);
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new ApiError(0, {
        message: `the server does not answer (${label})`,
        hint: "it may have been stopped: start `kinetoscope open` again and reload",
        place: null,
      });
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  private async json<R>(path: string, body?: unknown, signal?: AbortSignal, method?: string): Promise<R> {
    const end = beginPending(path);
    try {
      const init: RequestInit = { method: method ?? (body === undefined ? "GET" : "POST") };
      if (signal !== undefined) init.signal = signal;
      if (body !== undefined) {
        init.body = JSON.stringify(body);
        init.headers = { "content-type": "application/json" };
      }
      const response = await this.send(path, path, init);
      const text = await response.text();
      return (text === "" ? undefined : JSON.parse(text)) as R;
    } finally {
      end();
    }
  }

  info = (signal?: AbortSignal) => this.json<T.Info>("info", undefined, signal);
  trace(id: T.TraceEntry["id"]): TraceClient {
    return new TraceClient(`traces/${encodeURIComponent(String(id))}`, this);
  }
  request<R>(path: string, body?: unknown, signal?: AbortSignal, method?: string): Promise<R> {
    return this.json<R>(path, body, signal, method);
  }
  async binary(path: string, body: unknown, signal: AbortSignal): Promise<ArrayBuffer> {
    const end = beginPending(path);
    try {
      const headers = { "content-type": "application/json" };
      const response = await this.send(path, path, { method: "POST", body: JSON.stringify(body), headers, signal });
      return await response.arrayBuffer();
    } finally {
      end();
    }
  }
  async stream(path: string, body: unknown, signal: AbortSignal, onChunk: (bytes: Uint8Array) => void): Promise<void> {
    const end = beginPending(path);
    try {
      const headers = { "content-type": "application/json" };
      const response = await this.send(path, path, { method: "POST", body: JSON.stringify(body), headers, signal });
      const reader = response.body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        onChunk(value);
      }
    } finally {
      end();
    }
  }
}

export class TraceClient {
  private readonly path: string;
  private readonly client: Client;
  constructor(path: string, client: Client) {
    this.path = path;
    this.client = client;
  }
  entry = (signal?: AbortSignal) => this.client.request<T.TraceEntry>(this.path, undefined, signal);
  open = () => this.client.request<void>(`${this.path}/open`, {}, undefined, "POST");
  cancelOpening = () => this.client.request<void>(`${this.path}/open`, undefined, undefined, "DELETE");
  overview = () => this.client.request<T.TraceOverview>(`${this.path}/overview`);
  tracks = () => this.client.request<{ nodes: T.TrackNode[] }>(`${this.path}/tracks`);
  async viewport(body: { start: number; end: number; px: number; tracks: number[] }, signal: AbortSignal) {
    return decodeViewport(await this.client.binary(`${this.path}/viewport`, body, signal));
  }
  names = (ids: number[]) => this.client.request<{ names: string[] }>(`${this.path}/names`, { ids });
  slice = (id: number, signal?: AbortSignal) =>
    this.client.request<T.SliceDetails>(`${this.path}/slices/${id}`, undefined, signal);
  sameName = (id: number, signal?: AbortSignal) =>
    this.client.request<T.NameStatistics>(`${this.path}/slices/${id}/same-name`, undefined, signal);
  flows = (id: number, signal?: AbortSignal) =>
    this.client.request<{ arrows: T.FlowArrow[] }>(`${this.path}/slices/${id}/flows`, undefined, signal);
  neighbour = (id: number, direction: "next" | "previous") =>
    this.client.request<{ slice: number | null }>(`${this.path}/slices/${id}/neighbour?direction=${direction}`);
  search = (body: T.SearchRequest, signal?: AbortSignal) =>
    this.client.request<T.SearchResult>(`${this.path}/search`, body, signal);
  area = (body: { start: number; end: number; tracks: number[]; by: T.AreaGrouping }, signal?: AbortSignal) =>
    this.client.request<T.AreaTable>(`${this.path}/area`, body, signal);
  areaFlows = (body: { start: number; end: number; tracks: number[]; limit: number }, signal?: AbortSignal) =>
    this.client.request<T.AreaFlows>(`${this.path}/area-flows`, body, signal);
  flamegraph = (
    body: { start: number; end: number; tracks: number[]; direction: "top_down" | "bottom_up" },
    signal?: AbortSignal,
  ) => this.client.request<T.FlameGraph>(`${this.path}/flamegraph`, body, signal);
  /** The file that shows this window without a server. */
  exportHtml = (body: { start: number; end: number }, signal: AbortSignal) =>
    this.client.binary(`${this.path}/export`, body, signal);
  schema = () => this.client.request<T.Schema>(`${this.path}/schema`);
  summary = () => this.client.request<unknown>(`${this.path}/summary`);
  warnings = () => this.client.request<T.TraceWarning[]>(`${this.path}/warnings`);

  /** Names of slices, by their ids. */
  async namesOfSlices(ids: readonly number[], signal: AbortSignal): Promise<Map<number, string>> {
    const names = new Map<number, string>();
    if (ids.length === 0) return names;
    const answer = await this.query(`select id, name from slice where id in (${ids.join(",")})`, "search", signal);
    if (answer.error !== null) throw new ApiError(0, answer.error);
    for (const { length, columns } of answer.sets[0]?.batches ?? []) {
      for (let i = 0; i < length; i++) names.set(Number(columns[0]![i]), String(columns[1]![i]));
    }
    return names;
  }

  /** Runs SQL; `onProgress` is called as result sets and rows arrive. */
  async query(
    sql: string,
    session: string,
    signal: AbortSignal,
    onProgress?: (result: QueryResult) => void,
  ): Promise<QueryResult> {
    const result = emptyResult();
    const reader = new FrameReader();
    try {
      await this.client.stream(`${this.path}/query`, { sql, session }, signal, (bytes) => {
        reader.push(bytes, (kind, payload) => applyFrame(result, kind, payload));
        onProgress?.(result);
      });
      reader.finish();
      if (result.ms === null && result.error === null)
        throw new ApiError(0, {
          message: "the answer ended before the script did",
          hint: "the server may have been stopped; what is shown is what arrived",
          place: null,
        });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      result.error = { message: error.message, hint: error.hint, place: error.place };
    }
    return result;
  }
}
