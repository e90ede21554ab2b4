// Nodes of a track tree for tests, which say only what matters to them. The page itself never makes any.
import type { TrackNode } from "../api/types.ts";

let nextTrack = 1;

/** A node that is called as its key is; with `depths`, it has a track of slices of its own. */
export function madeNode(
  kind: TrackNode["kind"],
  key: string,
  children: TrackNode[] = [],
  depths = 0,
  more: Partial<TrackNode> = {},
): TrackNode {
  const track = {
    id: nextTrack++,
    kind: "slice" as const,
    num_events: 1,
    num_rows: depths,
    start: 0,
    end: 1,
    unit: null,
  };
  const none = { role: null, pid: null, tid: null, rank: null, device: null, stream: null };
  return { key, name: key, kind, children, tracks: depths > 0 ? [track] : [], collapsed: false, ...none, ...more };
}
