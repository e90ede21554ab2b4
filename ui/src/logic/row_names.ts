// What a row is called on the screen. Names from the server carry the number that tells equal names apart; here the
// number stands beside the name, so that a narrow column cuts neither.
import type { Track, TrackNode } from "../api/types.ts";

/** The number of a process or thread, when its row shows it apart from the name. */
function numberOf(node: TrackNode): number | null {
  if (node.kind === "process") return node.pid;
  return node.kind === "thread" ? node.tid : null;
}

/** The name without its number: `worker 12` and `thread 12 (worker)` become `worker`; `thread 12` stays. */
export function shownName(node: TrackNode): string {
  const number = numberOf(node);
  if (number === null) return node.name;
  const inBrackets = /^thread (-?\d+) \((.+)\)$/.exec(node.name);
  if (inBrackets !== null && Number(inBrackets[1]) === number) return inBrackets[2]!;
  const own = ` ${number}`;
  const stem = node.name.slice(0, -own.length);
  return node.name.endsWith(own) && stem !== "thread" && stem !== "process" ? stem : node.name;
}

/** What stands beside the name: a role that the rows above do not tell already, and the number. */
export function chipsOf(node: TrackNode, path: readonly TrackNode[]): string[] {
  const chips: string[] = [];
  const isTold = path.some((above) => above.role === node.role);
  if (node.role !== null && node.kind !== "stream" && !isTold) chips.push(node.role.replace(/_/g, " "));
  const number = numberOf(node);
  const name = shownName(node);
  if (number !== null && !name.endsWith(` ${number}`)) {
    chips.push(node.kind === "process" ? `pid ${number}` : String(number));
  }
  return chips;
}

/** A name with its number, for where nothing stands beside it. */
function nameWithNumber(node: TrackNode): string {
  const number = numberOf(node);
  const name = shownName(node);
  if (number === null || name.endsWith(` ${number}`)) return name;
  return node.kind === "process" ? `${name} pid ${number}` : `${name} ${number}`;
}

/** A track in a table: its row, its lane where that has several, and what the row stands in. */
export function trackTitle(place: { node: TrackNode; path: readonly TrackNode[]; track: Track }): string {
  const above = place.path[place.path.length - 1];
  const rank = place.path.find((each) => each.kind === "rank");
  const lane = place.node.tracks.indexOf(place.track);
  const name = nameWithNumber(place.node) + (lane > 0 ? ` lane ${lane + 1}` : "");
  const around = [above, rank === above ? undefined : rank].filter((each) => each !== undefined);
  return [name, ...around.map(nameWithNumber)].join(", ");
}
