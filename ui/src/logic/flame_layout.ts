// Places the nodes of a flame graph: children beneath their parent, widest first, from the parent's left edge.
import type { FlameGraph } from "../api/types.ts";

export interface FlameBox {
  node: number;
  depth: number;
  /** Share of the graph's total, from 0 to 1, relative to the root that is zoomed to. */
  start: number;
  width: number;
}

/** Boxes beneath `root` (-1: all roots), and the ancestors of `root` above it at full width. */
export function layoutFlames(graph: FlameGraph, root = -1): FlameBox[] {
  const { parent, total } = graph.nodes;
  const children = new Map<number, number[]>();
  parent.forEach((up, node) => {
    const list = children.get(up);
    if (list === undefined) children.set(up, [node]);
    else list.push(node);
  });
  for (const list of children.values()) list.sort((a, b) => total[b]! - total[a]! || a - b);
  const boxes: FlameBox[] = [];
  const above: number[] = [];
  for (let node = root; node >= 0; node = parent[node]!) above.unshift(node);
  above.forEach((node, depth) => boxes.push({ node, depth, start: 0, width: 1 }));
  const whole = root < 0 ? graph.total : total[root]!;
  if (whole <= 0) return boxes;
  const queue: { node: number; depth: number; start: number }[] = [{ node: root, depth: above.length, start: 0 }];
  for (let at = 0; at < queue.length; at++) {
    const { node, depth, start } = queue[at]!;
    let left = start;
    for (const child of children.get(node) ?? []) {
      const width = total[child]! / whole;
      boxes.push({ node: child, depth, start: left, width });
      queue.push({ node: child, depth: depth + 1, start: left });
      left += width;
    }
  }
  return boxes;
}
