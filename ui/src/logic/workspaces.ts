// Workspaces: named lists of rows that somebody put together, in the order in which they are shown. A row is known by its
// key, which is the same whenever the same files are opened, so a workspace outlives a session and travels in a link.
import type { TrackNode } from "../api/types.ts";
import { matchesFilter } from "./rows.ts";

export interface Workspace {
  name: string;
  keys: string[];
}
export interface Root {
  node: TrackNode;
  path: readonly TrackNode[];
}

/** Every node of the tree with what is above it, by key. */
export function indexNodes(nodes: readonly TrackNode[]): Map<string, Root> {
  const found = new Map<string, Root>();
  const visit = (node: TrackNode, path: readonly TrackNode[]) => {
    found.set(node.key, { node, path });
    const below = [...path, node];
    for (const child of node.children) visit(child, below);
  };
  for (const node of nodes) visit(node, []);
  return found;
}

/** The list with more rows at its end; what is in it already, or below a row of it, is not added again. */
export function withRows(workspace: Workspace, keys: readonly string[], index: ReadonlyMap<string, Root>): Workspace {
  const result = [...workspace.keys];
  for (const key of keys) {
    const path = index.get(key)?.path ?? [];
    if (!result.includes(key) && !path.some((above) => result.includes(above.key))) result.push(key);
  }
  return { ...workspace, keys: result };
}

export const withoutRow = (workspace: Workspace, key: string): Workspace => ({
  ...workspace,
  keys: workspace.keys.filter((each) => each !== key),
});

/** The list with a row one place further up (-1) or down (1). */
export function withRowMoved(workspace: Workspace, key: string, by: -1 | 1): Workspace {
  const from = workspace.keys.indexOf(key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= workspace.keys.length) return workspace;
  const keys = [...workspace.keys];
  keys.splice(from, 1);
  keys.splice(to, 0, key);
  return { ...workspace, keys };
}

/** The outermost rows that a filter finds. */
export function filteredKeys(nodes: readonly TrackNode[], filter: string): string[] {
  if (filter.trim() === "") return [];
  return nodes.flatMap((node) => (matchesFilter(node, filter) ? [node.key] : filteredKeys(node.children, filter)));
}

/** The rows that draw any of these tracks, in the order of the tree. */
export function keysOfTracks(nodes: readonly TrackNode[], tracks: ReadonlySet<number>): string[] {
  return nodes.flatMap((node) => [
    ...(node.tracks.some((track) => tracks.has(track.id)) ? [node.key] : []),
    ...keysOfTracks(node.children, tracks),
  ]);
}

/** A name that none of the workspaces has: the wanted one, or with a number behind it. */
export function freeName(workspaces: readonly Workspace[], wanted: string): string {
  const taken = new Set(workspaces.map((each) => each.name));
  const base = wanted.trim() === "" ? "Workspace" : wanted.trim();
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base} ${number}`)) number++;
  return `${base} ${number}`;
}

/** What a link brings replaces what the browser keeps under the same name; the rest stays. */
export function merged(kept: readonly Workspace[], linked: readonly Workspace[]): Workspace[] {
  const names = new Set(linked.map((each) => each.name));
  return [...kept.filter((each) => !names.has(each.name)), ...linked];
}
