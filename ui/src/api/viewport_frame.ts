// Decodes the binary answer of `viewport`: little endian, columns aligned to 8 bytes, so that typed arrays
// look straight into the received buffer and nothing is copied.

export const VIEWPORT_MAGIC = 0x3156534b;

export const FLAG_NEVER_ENDED = 1;
export const FLAG_INSTANT = 2;

/** What a viewport holds of one track: sorted by (depth, ts) when it has slices, by ts when it counts. */
export interface SliceColumns {
  readonly kind: "slice";
  readonly ts: Float64Array;
  readonly dur: Float64Array;
  readonly slice: Uint32Array;
  readonly count: Uint32Array;
  readonly name: Uint32Array;
  readonly nameHash: Uint32Array;
  readonly depth: Uint16Array;
  readonly class: Uint8Array;
  readonly flags: Uint8Array;
  /** `depthFirst[d]` is the first block of depth d; one more entry than there are depths. */
  readonly depthFirst: Uint32Array;
}
export interface CounterColumns {
  readonly kind: "counter";
  readonly ts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly last: Float64Array;
}
export type TrackColumns = SliceColumns | CounterColumns;

export function indexDepths(depth: Uint16Array): Uint32Array {
  const depths = depth.length === 0 ? 0 : depth[depth.length - 1]! + 1;
  const first = new Uint32Array(depths + 1).fill(depth.length);
  for (let i = depth.length - 1; i >= 0; i--) first[depth[i]!] = i;
  // A depth without blocks begins where the next one does.
  for (let d = depths - 1; d >= 0; d--) if (first[d]! > first[d + 1]!) first[d] = first[d + 1]!;
  return first;
}

/** The columns of every track, in the order asked for. Throws when the bytes are no viewport. */
export function decodeViewport(buffer: ArrayBuffer): { trackId: number; columns: TrackColumns }[] {
  if (buffer.byteLength < 16) throw new Error(`a viewport of ${buffer.byteLength} bytes has no header`);
  const [magic, numTracks, numBlocks, numSamples] = new Uint32Array(buffer, 0, 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  if (magic !== VIEWPORT_MAGIC) throw new Error(`not a viewport: it begins with 0x${magic.toString(16)}`);
  let offset = 16;
  const take = (bytes: number): number => {
    const at = offset;
    offset += Math.ceil(bytes / 8) * 8;
    if (at + bytes > buffer.byteLength) throw new Error(`a viewport is cut at byte ${buffer.byteLength}`);
    return at;
  };
  const f64 = (n: number) => new Float64Array(buffer, take(n * 8), n);
  const u32 = (n: number) => new Uint32Array(buffer, take(n * 4), n);
  const u16 = (n: number) => new Uint16Array(buffer, take(n * 2), n);
  const u8 = (n: number) => new Uint8Array(buffer, take(n), n);

  const directory = u32(numTracks * 4);
  const ts = f64(numBlocks);
  const dur = f64(numBlocks);
  const slice = u32(numBlocks);
  const count = u32(numBlocks);
  const name = u32(numBlocks);
  const nameHash = u32(numBlocks);
  const depth = u16(numBlocks);
  const kernelClass = u8(numBlocks);
  const flags = u8(numBlocks);
  const sampleTs = f64(numSamples);
  const min = f64(numSamples);
  const max = f64(numSamples);
  const last = f64(numSamples);

  const tracks: { trackId: number; columns: TrackColumns }[] = [];
  for (let t = 0; t < numTracks; t++) {
    const trackId = directory[t * 4]!;
    const from = directory[t * 4 + 2]!;
    const to = from + directory[t * 4 + 3]!;
    if (directory[t * 4 + 1] === 1) {
      tracks.push({
        trackId,
        columns: {
          kind: "counter",
          ts: sampleTs.subarray(from, to),
          min: min.subarray(from, to),
          max: max.subarray(from, to),
          last: last.subarray(from, to),
        },
      });
    } else {
      const depths = depth.subarray(from, to);
      tracks.push({
        trackId,
        columns: {
          kind: "slice",
          ts: ts.subarray(from, to),
          dur: dur.subarray(from, to),
          slice: slice.subarray(from, to),
          count: count.subarray(from, to),
          name: name.subarray(from, to),
          nameHash: nameHash.subarray(from, to),
          depth: depths,
          class: kernelClass.subarray(from, to),
          flags: flags.subarray(from, to),
          depthFirst: indexDepths(depths),
        },
      });
    }
  }
  return tracks;
}

/** The first index of `[from, to)` whose block ends after `nanos`; blocks of one depth do not overlap. */
export function firstEndingAfter(columns: SliceColumns, from: number, to: number, nanos: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns.ts[middle]! + columns.dur[middle]! <= nanos && columns.ts[middle]! < nanos) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last index of `ts` that is not after `nanos`, or -1. */
export function lastNotAfter(ts: Float64Array, nanos: number): number {
  let low = 0;
  let high = ts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ts[middle]! <= nanos) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
