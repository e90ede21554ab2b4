// The left column: names, chips and buttons of the rows, as elements, so that they can be reached by keys and read aloud.
// Only rows on the screen exist.
import { formatCount } from "../base/format.ts";
import { allTracks, type Row } from "../logic/rows.ts";
import * as store from "../state/store.ts";
import { controller } from "./controller.ts";
import { Icon } from "./icons.tsx";

function chips(row: Row): string[] {
  const { node } = row;
  const texts: string[] = [];
  if (node.role !== null) texts.push(node.role.replace(/_/g, " "));
  if (node.kind === "process" && node.pid !== null) texts.push(`pid ${node.pid}`);
  if (node.kind === "thread" && node.tid !== null) texts.push(String(node.tid));
  return texts;
}

function Shell({ row, top, isSticky }: { row: Row; top: number; isSticky: boolean }) {
  const { node } = row;
  const isPinned = store.pins.value.includes(node.key);
  const selected = store.selection.value;
  const isSelected =
    selected.kind === "area" &&
    selected.tracks !== null &&
    node.tracks.some((track) => selected.tracks!.includes(track.id));
  const depths = node.tracks.reduce((sum, track) => sum + (track.kind === "slice" ? track.num_rows : 0), 0);
  const events = node.tracks.reduce((sum, track) => sum + track.num_events, 0);
  const fold = () => store.setCollapsed([node.key], !row.isCollapsed);
  const selectRow = () => {
    const { start, end } = store.view.value;
    store.select({
      kind: "area",
      start: Math.floor(start),
      end: Math.ceil(end),
      tracks: allTracks(node).map((track) => track.id),
    });
  };
  return (
    <div
      class={`shell shell-${node.kind}${row.isGroup ? " shell-group" : ""}${isSticky ? " shell-sticky" : ""}${isSelected ? " shell-selected" : ""}`}
      style={{ top: `${top}px`, height: `${row.height}px`, paddingLeft: `${6 + Math.min(row.level, 5) * 12}px` }}
      data-key={node.key}
      role="treeitem"
      aria-level={row.level + 1}
      aria-expanded={row.isGroup ? !row.isCollapsed : undefined}
    >
      {row.isGroup ? (
        <button class="fold" onClick={fold} aria-label={`${row.isCollapsed ? "Unfold" : "Fold"} ${node.name}`}>
          <span class={row.isCollapsed ? "chevron" : "chevron open"} />
        </button>
      ) : (
        <span class="fold" />
      )}
      <button
        class="shell-name"
        onClick={row.isGroup ? fold : selectRow}
        title={
          [...row.path.map((each) => each.name), node.name].join(" › ") +
          (events > 0 ? `\n${formatCount(events)} events` : "")
        }
      >
        {node.name}
      </button>
      {chips(row).map((text) => (
        <span class="chip" key={text}>
          {text}
        </span>
      ))}
      <span class="shell-buttons">
        {depths > 2 && !row.isCollapsed && (
          <button
            class="icon"
            onClick={() => store.toggleCompact(node.key)}
            title={row.isCompact ? "Full rows" : "Thin rows"}
            aria-label={`${row.isCompact ? "Full" : "Thin"} rows of ${node.name}`}
          >
            <Icon name={row.isCompact ? "full" : "thin"} />
          </button>
        )}
        {row.isGroup && (
          <button
            class="icon"
            onClick={selectRow}
            title="Select all tracks in it"
            aria-label={`Select all tracks of ${node.name}`}
          >
            <Icon name="select" />
          </button>
        )}
        {node.kind === "debug" ? (
          <button
            class="icon"
            onClick={() =>
              (store.debugTracks.value = store.debugTracks.value.filter((each) => each.node.key !== node.key))
            }
            title="Remove this track"
            aria-label={`Remove ${node.name}`}
          >
            <Icon name="remove" />
          </button>
        ) : (
          node.kind !== "region" && (
            <button
              class={isPinned ? "icon active" : "icon"}
              onClick={() => store.togglePin(node.key)}
              title={isPinned ? "Unpin" : "Pin to the top"}
              aria-label={`${isPinned ? "Unpin" : "Pin"} ${node.name}`}
              aria-pressed={isPinned}
            >
              <Icon name="pin" />
            </button>
          )
        )}
      </span>
    </div>
  );
}

export function Shells() {
  const { rows, pinned, pinnedHeight } = store.layout.value;
  const scroll = store.scrollTop.value;
  const bodyHeight = store.viewport.value.height - pinnedHeight;
  const visible = rows.filter((row) => row.y + row.height > scroll && row.y < scroll + bodyHeight);
  let stickyTop = 0;
  const sticky = (controller.value?.stickyRows() ?? []).map((row) => {
    const shell = <Shell key={`sticky/${row.node.key}`} row={row} top={stickyTop} isSticky />;
    stickyTop += row.height;
    return shell;
  });
  return (
    <>
      {pinned.length > 0 && (
        <div class="shells pinned" style={{ height: `${pinnedHeight}px` }} role="tree" aria-label="Pinned tracks">
          {pinned.map((row) => (
            <Shell key={`pin/${row.node.key}`} row={row} top={row.y} isSticky={false} />
          ))}
        </div>
      )}
      <div class="shells" style={{ top: `${pinnedHeight}px` }} role="tree" aria-label="Tracks">
        {visible.map((row) => (
          <Shell key={row.node.key} row={row} top={row.y - scroll} isSticky={false} />
        ))}
        {sticky}
        {rows.length === 0 && <p class="empty">No track matches “{store.trackFilter.value}”.</p>}
      </div>
    </>
  );
}
