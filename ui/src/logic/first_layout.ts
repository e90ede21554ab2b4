// What is folded and thin when a trace is shown for the first time. The rows of the GPU are what people came for, and a
// thread with Python stacks alone can be higher than the screen: then deep threads of the CPU are thin until somebody
// wants to read them. Where there is room to spare, further ranks are unfolded.
import type { TrackNode } from "../api/types.ts";
import { layoutRows } from "./rows.ts";

export interface FirstLayout {
  collapsed: Map<string, boolean>;
  compact: Set<string>;
}

/** Threads of fewer depths are as readable thin as not at all, and gain little. */
const MIN_DEPTHS = 6;
/** Height that the first rows of the GPU need to be noticed. */
const GPU_ROOM_PX = 120;

export function firstLayout(nodes: readonly TrackNode[], height: number): FirstLayout {
  const first: FirstLayout = { collapsed: new Map(), compact: new Set() };
  const rowsNow = () => layoutRows({ nodes, ...first, pins: [], filter: "" });
  for (const node of nodes) {
    if (node.kind !== "rank" || !node.collapsed) continue;
    first.collapsed.set(node.key, false);
    if (rowsNow().height > height) {
      first.collapsed.delete(node.key);
      break;
    }
  }
  const gpu = rowsNow().rows.find((row) => row.node.kind === "region" && /gpu$/i.test(row.node.name));
  if (gpu === undefined || gpu.y + GPU_ROOM_PX <= height) return first;
  const visit = (node: TrackNode) => {
    const depths = node.tracks.reduce((sum, track) => sum + (track.kind === "slice" ? track.num_rows : 0), 0);
    if (node.kind === "thread" && depths >= MIN_DEPTHS) first.compact.add(node.key);
    node.children.forEach(visit);
  };
  nodes.forEach(visit);
  return first;
}
