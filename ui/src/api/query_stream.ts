// Reads the answer of `query`: frames of one kind byte, a 32-bit length and a payload, as they arrive.
// Arrow payloads become plain columns; integers become doubles where they fit exactly.
import { tableFromIPC } from "@uwdata/flechette";
import type { ErrorBody } from "./types.ts";

export interface ResultColumn {
  name: string;
  type: string;
}
export type Cell = string | number | boolean | bigint | null | Uint8Array;

/** One result set; batches are kept as they came, so that a large result is not copied on every batch. */
export interface ResultSet {
  columns: ResultColumn[];
  batches: { start: number; length: number; columns: ArrayLike<Cell>[] }[];
  num_rows: number;
  ms: number | null;
}
export interface QueryResult {
  sets: ResultSet[];
  notes: string[];
  error: ErrorBody | null;
  ms: number | null;
}

export const emptyResult = (): QueryResult => ({ sets: [], notes: [], error: null, ms: null });

export function cellAt(set: ResultSet, row: number, column: number): Cell {
  // Batches are few (thousands of rows each) and sorted by start.
  let low = 0;
  let high = set.batches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (set.batches[middle]!.start <= row) low = middle;
    else high = middle - 1;
  }
  const batch = set.batches[low];
  return batch === undefined ? null : (batch.columns[column]?.[row - batch.start] ?? null);
}

const isExact = (value: bigint): boolean =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);

/** 64-bit integers as numbers where these are exact; others, such as Unix times in nanoseconds, stay big. */
export function plainNumbers(values: ArrayLike<Cell>): ArrayLike<Cell> {
  const convert = (value: Cell): Cell => (typeof value === "bigint" && isExact(value) ? Number(value) : value);
  for (let i = 0; i < values.length; i++) {
    // Columns of other types are left as they came.
    if (typeof values[i] === "bigint") return Array.from(values, convert);
  }
  return values;
}

function addArrow(set: ResultSet, payload: Uint8Array): void {
  const table = tableFromIPC(payload, { useBigInt: true });
  if (table.numRows === 0) return;
  const columns = table.names.map((_, i) => plainNumbers(table.getChildAt(i)!.toArray() as ArrayLike<Cell>));
  set.batches.push({ start: set.num_rows, length: table.numRows, columns });
  set.num_rows += table.numRows;
}

/** Applies one frame to the result under construction. */
export function applyFrame(result: QueryResult, kind: string, payload: Uint8Array): void {
  const json = () => JSON.parse(new TextDecoder().decode(payload));
  const current = result.sets[result.sets.length - 1];
  switch (kind) {
    case "S":
      result.sets.push({ columns: json().columns, batches: [], num_rows: 0, ms: null });
      break;
    case "A":
      if (current === undefined) throw new Error("rows came before a result set");
      addArrow(current, payload);
      break;
    case "N":
      result.notes.push(json().message);
      break;
    case "E": {
      const body = json();
      result.error = body.error ?? body;
      break;
    }
    case "D":
      if (current !== undefined) current.ms = json().ms;
      break;
    case "Z":
      result.ms = json().ms;
      break;
    default:
      throw new Error(`unknown frame \`${kind}\``);
  }
}

/** Cuts a byte stream into frames, whatever the pieces in which it arrives. */
export class FrameReader {
  private pending = new Uint8Array(0);
  push(chunk: Uint8Array, onFrame: (kind: string, payload: Uint8Array) => void): void {
    const bytes = new Uint8Array(this.pending.length + chunk.length);
    bytes.set(this.pending);
    bytes.set(chunk, this.pending.length);
    let at = 0;
    const view = new DataView(bytes.buffer);
    while (bytes.length - at >= 5) {
      const length = view.getUint32(at + 1, true);
      if (bytes.length - at - 5 < length) break;
      // A copy, since Arrow wants its buffers aligned from the first byte.
      onFrame(String.fromCharCode(bytes[at]!), bytes.slice(at + 5, at + 5 + length));
      at += 5 + length;
    }
    this.pending = bytes.slice(at);
  }
  finish(): void {
    if (this.pending.length > 0) throw new Error("the answer ended within a frame");
  }
}
