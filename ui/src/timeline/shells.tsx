// The left column: names, chips and buttons of the rows, as elements, so that they can be reached by keys and read aloud.
// Only rows on the screen exist.
import { formatCount } from "../base/format.ts";
import { chipsOf, shownName } from "../logic/row_names.ts";
import { MAX_HEIGHT, MIN_HEIGHT, MODES, nextHeight, PLAIN_HEIGHT, SCALES } from "../logic/counter_mode.ts";
import { allTracks, type Row } from "../logic/rows.ts";
import { withoutRow, withRowMoved } from "../logic/workspaces.ts";
import * as store from "../state/store.ts";
import { controller } from "./controller.ts";
import { Handle } from "./handle.tsx";
import { Icon } from "./icons.tsx";

const NAME_PX = 22;

/** `clip` is where the visible part begins; the name of a high row stays inside it. */
function Shell({ row, top, isSticky, clip }: { row: Row; top: number; isSticky: boolean; clip: number }) {
  const { node } = row;
  const isPinned = store.pins.value.includes(node.key);
  const selected = store.selection.value;
  const isSelected =
    selected.kind === "area" &&
    selected.tracks !== null &&
    node.tracks.some((track) => selected.tracks!.includes(track.id));
  const depths = node.tracks.reduce((sum, track) => sum + (track.kind === "slice" ? track.num_rows : 0), 0);
  const events = node.tracks.reduce((sum, track) => sum + track.num_events, 0);
  const inWorkspace = store.workspace.value?.keys.includes(node.key) === true;
  const isCounter = node.tracks.some((track) => track.kind === "counter");
  const mode = store.modeOf(node.key);
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
      style={{
        top: `${top}px`,
        height: `${row.height}px`,
        paddingLeft: `${6 + Math.min(row.isApart ? 0 : row.level, 5) * 12}px`,
        paddingTop: `${Math.max(0, Math.min(clip - top, row.height - NAME_PX))}px`,
      }}
      data-key={node.key}
      role="listitem"
    >
      {row.isGroup ? (
        <button
          class="fold"
          onClick={fold}
          aria-expanded={!row.isCollapsed}
          aria-label={`${row.isCollapsed ? "Unfold" : "Fold"} ${node.name}`}
        >
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
        {shownName(node)}
      </button>
      {!isCounter && <Within row={row} />}
      {chipsOf(node, row.path).map((text) => (
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
        {inWorkspace && (
          <>
            <button
              class="icon"
              onClick={() => store.changeWorkspace((each) => withRowMoved(each, node.key, -1))}
              title="Up"
              aria-label={`Move ${node.name} up in the workspace`}
            >
              <Icon name="up" />
            </button>
            <button
              class="icon"
              onClick={() => store.changeWorkspace((each) => withRowMoved(each, node.key, 1))}
              title="Down"
              aria-label={`Move ${node.name} down in the workspace`}
            >
              <Icon name="down" />
            </button>
            <button
              class="icon"
              onClick={() => store.changeWorkspace((each) => withoutRow(each, node.key))}
              title="Take out of the workspace"
              aria-label={`Take ${node.name} out of the workspace`}
            >
              <Icon name="remove" />
            </button>
          </>
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
      {isCounter && <CounterButtons row={row} />}
      {isCounter && (
        <Handle
          class="row-resize"
          label={`Height of ${node.name}`}
          orientation="horizontal"
          grows="forward"
          size={mode.height}
          min={MIN_HEIGHT}
          max={MAX_HEIGHT}
          usual={PLAIN_HEIGHT}
          onSize={(height) => store.setMode(node.key, { ...store.modeOf(node.key), height })}
        />
      )}
    </div>
  );
}

/** Where a row stands that is shown apart from what is above it. */
function Within({ row }: { row: Row }) {
  const above = row.path[row.path.length - 1];
  if (!row.isApart || above === undefined) return null;
  return (
    <span class="shell-within" title={row.path.map((each) => each.name).join(" › ")}>
      {shownName(above)}
    </span>
  );
}

const SCALE_WORDS = { zero: "from zero", fit: "fitted", log: "logarithmic" } as const;

/** What a counter shows, its scale and how high it is; a click goes to the next choice. */
function CounterButtons({ row }: { row: Row }) {
  const { node } = row;
  const mode = store.modeOf(node.key);
  const shows = MODES[(MODES.indexOf(mode.shows) + 1) % MODES.length]!;
  const scale = SCALES[(SCALES.indexOf(mode.scale) + 1) % SCALES.length]!;
  return (
    <span class="counter-buttons">
      <button
        onClick={() => store.setMode(node.key, { ...mode, shows })}
        title={`Show the ${shows}`}
        aria-label={`${node.name} shows its ${mode.shows}: show the ${shows}`}
      >
        {mode.shows}
      </button>
      <button
        onClick={() => store.setMode(node.key, { ...mode, scale })}
        title={`Scale: ${SCALE_WORDS[scale]}`}
        aria-label={`Scale of ${node.name}, ${SCALE_WORDS[mode.scale]}: make it ${SCALE_WORDS[scale]}`}
      >
        {SCALE_WORDS[mode.scale]}
      </button>
      <button
        onClick={() => store.setMode(node.key, { ...mode, height: nextHeight(mode.height) })}
        title={`Height: ${nextHeight(mode.height)} pixels. The lower edge can be dragged, too`}
        aria-label={`${node.name} is ${mode.height} pixels high: make it ${nextHeight(mode.height)}`}
      >
        {mode.height} px
      </button>
      <Within row={row} />
    </span>
  );
}

export function Shells() {
  const { rows, pinned, pinnedHeight } = store.layout.value;
  const scroll = store.scrollTop.value;
  const bodyHeight = store.viewport.value.height - pinnedHeight;
  const visible = rows.filter((row) => row.y + row.height > scroll && row.y < scroll + bodyHeight);
  let stickyTop = 0;
  const sticky = (controller.value?.stickyRows() ?? []).map((row) => {
    const shell = <Shell key={`sticky/${row.node.key}`} row={row} top={stickyTop} isSticky clip={0} />;
    stickyTop += row.height;
    return shell;
  });
  return (
    <>
      {pinned.length > 0 && (
        <div class="shells pinned" style={{ height: `${pinnedHeight}px` }} role="list" aria-label="Pinned tracks">
          {pinned.map((row) => (
            <Shell key={`pin/${row.node.key}`} row={row} top={row.y} isSticky={false} clip={0} />
          ))}
        </div>
      )}
      <div class="shells" style={{ top: `${pinnedHeight}px` }} role="list" aria-label="Tracks">
        {visible.map((row) => (
          <Shell key={row.node.key} row={row} top={row.y - scroll} isSticky={false} clip={stickyTop} />
        ))}
        {sticky}
        {rows.length === 0 && (
          <p class="empty">
            {store.trackFilter.value === ""
              ? "This workspace has no tracks yet: add some in its dialog."
              : `No track matches “${store.trackFilter.value}”.`}
          </p>
        )}
      </div>
    </>
  );
}
