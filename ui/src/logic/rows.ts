// Turns the tree of tracks into the rows of the timeline: a flat list with positions, from which only the
// visible part is ever drawn. Pure, so that filtering, folding and pinning are tested without a page.
import type { Track, TrackNode } from "../api/types.ts";
import { type CounterMode, PLAIN_HEIGHT } from "./counter_mode.ts";

export const SLICE_ROW_PX = 18;
export const COMPACT_ROW_PX = 4;
const TRACK_PADDING_PX = 4;
const HEADER_PX: Partial<Record<TrackNode["kind"], number>> = { region: 26, rank: 28, process: 24, device: 24 };

export interface RowTrack {
  track: Track;
  /** Offset of the track in its row. */
  y: number;
  depthPx: number;
  height: number;
}
export interface Row {
  node: TrackNode;
  /** Nodes above it, outermost first. */
  path: readonly TrackNode[];
  level: number;
  y: number;
  height: number;
  isGroup: boolean;
  isCollapsed: boolean;
  isCompact: boolean;
  tracks: RowTrack[];
  /** Whether it stands apart from what is above it in the tree: pinned, or in a workspace. */
  isApart: boolean;
  /** What a collapsed group shows in its one row: the topmost depth of what it hides. */
  summary: Track[];
}
export interface Layout {
  rows: Row[];
  height: number;
  pinned: Row[];
  pinnedHeight: number;
}
export interface LayoutInput {
  nodes: readonly TrackNode[];
  /** The rows of a workspace, which are shown instead of the whole tree. */
  roots?: readonly { node: TrackNode; path: readonly TrackNode[] }[] | null;
  collapsed: ReadonlyMap<string, boolean>;
  compact: ReadonlySet<string>;
  /** How counters are shown, by the keys of their rows; others are plain. */
  counterModes?: ReadonlyMap<string, CounterMode>;
  pins: readonly string[];
  /** Pinned rows become thin when they would take more than this, since there is no scrolling among them. */
  maxPinnedHeight?: number;
  filter: string;
}

/** What a person calls a row, from the outside in. */
export const pathText = (path: readonly TrackNode[], node: TrackNode): string =>
  [...path, node].map((each) => each.name).join(" › ");

/** A term matches a name, a pid, a tid, a role or a rank; terms are apart by commas, any of them is enough. */
export function matchesFilter(node: TrackNode, filter: string): boolean {
  const terms = filter
    .toLowerCase()
    .split(",")
    .map((term) => term.trim())
    .filter((term) => term !== "");
  if (terms.length === 0) return true;
  const text = [
    node.name,
    node.role ?? "",
    node.pid === null ? "" : `pid ${node.pid}`,
    node.tid === null ? "" : `tid ${node.tid}`,
    node.rank === null ? "" : `rank ${node.rank}`,
  ]
    .join("\n")
    .toLowerCase();
  return terms.some((term) => text.includes(term));
}

export function allTracks(node: TrackNode, into: Track[] = []): Track[] {
  into.push(...node.tracks);
  for (const child of node.children) allTracks(child, into);
  return into;
}

/** The first slice track of every node beneath. */
function summaryTracks(node: TrackNode, into: Track[] = []): Track[] {
  const first = node.tracks.find((track) => track.kind === "slice");
  if (first !== undefined) into.push(first);
  for (const child of node.children) summaryTracks(child, into);
  return into;
}

function placeTracks(node: TrackNode, isCompact: boolean, counterPx: number): { tracks: RowTrack[]; height: number } {
  const tracks: RowTrack[] = [];
  let y = TRACK_PADDING_PX / 2;
  for (const track of node.tracks) {
    const depthPx = isCompact ? COMPACT_ROW_PX : SLICE_ROW_PX;
    const height = track.kind === "counter" ? counterPx - TRACK_PADDING_PX : Math.max(1, track.num_rows) * depthPx;
    tracks.push({ track, y, depthPx, height });
    y += height;
  }
  return { tracks, height: y + TRACK_PADDING_PX / 2 };
}

function makeRow(
  node: TrackNode,
  path: readonly TrackNode[],
  y: number,
  collapsed: boolean,
  compact: boolean,
  counterPx: number,
): Row {
  const isGroup = node.children.length > 0;
  const { tracks, height } = placeTracks(node, compact, counterPx);
  const header = HEADER_PX[node.kind] ?? 22;
  return {
    node,
    path,
    level: path.length,
    y,
    height: node.tracks.length === 0 ? header : Math.max(22, height),
    isGroup,
    isCollapsed: isGroup && collapsed,
    isCompact: compact,
    isApart: false,
    tracks,
    summary: isGroup && collapsed ? node.children.flatMap((child) => summaryTracks(child)) : [],
  };
}

export function layoutRows(input: LayoutInput): Layout {
  const rows: Row[] = [];
  const byKey = new Map<string, { node: TrackNode; path: readonly TrackNode[] }>();
  const filtering = input.filter.trim() !== "";
  const counterPx = (node: TrackNode) => input.counterModes?.get(node.key)?.height ?? PLAIN_HEIGHT;
  let y = 0;

  // A node is kept when it matches, when something beneath does, or when something above does.
  const hasMatch = (node: TrackNode): boolean =>
    matchesFilter(node, input.filter) || node.children.some((child) => hasMatch(child));
  const index = (node: TrackNode, path: readonly TrackNode[]): void => {
    byKey.set(node.key, { node, path });
    const below = [...path, node];
    for (const child of node.children) index(child, below);
  };
  if (input.pins.length > 0) for (const node of input.nodes) index(node, []);
  const visit = (node: TrackNode, path: readonly TrackNode[], isShown: boolean, aboveMatches: boolean): void => {
    const matches = aboveMatches || (filtering && matchesFilter(node, input.filter));
    const shown = isShown && (!filtering || matches || hasMatch(node));
    // What a filter finds is shown even inside a folded group.
    const folded = input.collapsed.get(node.key) ?? node.collapsed;
    const isCollapsed = filtering ? (input.collapsed.get(node.key) ?? false) : folded;
    if (shown) {
      const row = makeRow(node, path, y, isCollapsed, input.compact.has(node.key), counterPx(node));
      rows.push(row);
      y += row.height;
    }
    const below = [...path, node];
    for (const child of node.children) visit(child, below, shown && !isCollapsed, matches);
  };
  const roots = input.roots ?? null;
  if (roots === null) for (const node of input.nodes) visit(node, [], true, false);
  for (const { node, path } of roots ?? []) {
    const own = rows.length;
    visit(node, [], true, false);
    const row = rows[own];
    if (row?.node === node) rows[own] = { ...row, isApart: path.length > 0, path };
  }

  const pin = (areThin: boolean) => {
    const pinned: Row[] = [];
    let pinnedHeight = 0;
    for (const key of input.pins) {
      const found = byKey.get(key);
      if (found === undefined) continue;
      // A pinned group stands for its summary; a pinned track is shown as it is.
      const isThin = areThin || input.compact.has(key);
      const counter = areThin ? Math.min(PLAIN_HEIGHT, counterPx(found.node)) : counterPx(found.node);
      const row = makeRow(found.node, found.path, pinnedHeight, true, isThin, counter);
      pinned.push({ ...row, isApart: found.path.length > 0 });
      pinnedHeight += row.height;
    }
    return { pinned, pinnedHeight };
  };
  const full = pin(false);
  const isTooHigh = full.pinnedHeight > (input.maxPinnedHeight ?? Infinity);
  return { rows, height: y, ...(isTooHigh ? pin(true) : full) };
}

/** The index of the row at `y`, by bisection; -1 above the first, the last row below the end. */
export function rowIndexAt(rows: readonly Row[], y: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.y <= y) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The groups whose headers have scrolled out above `top` while their rows still show, outermost first. */
export function stickyHeaders(rows: readonly Row[], top: number): Row[] {
  const headers: Row[] = [];
  let covered = 0;
  for (;;) {
    const index = rowIndexAt(rows, top + covered);
    const row = rows[index];
    if (row === undefined) return headers;
    const level = headers.length;
    const owner = row.level > level ? row.path[level] : undefined;
    const header = owner === undefined ? undefined : rows.find((each) => each.node === owner);
    if (header === undefined || header.y >= top + covered) return headers;
    headers.push(header);
    covered += header.height;
  }
}
