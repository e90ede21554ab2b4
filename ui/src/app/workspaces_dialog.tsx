// The workspaces of the trace: make them of what is pinned, filtered or selected, show, rename and delete them.
import { useSignal } from "@preact/signals";
import { formatCount } from "../base/format.ts";
import { filteredKeys, freeName, keysOfTracks, type Workspace, withRows } from "../logic/workspaces.ts";
import * as store from "../state/store.ts";

/** Rows that can be copied into a workspace, by what made them stand out. */
function sources(): { title: string; keys: string[] }[] {
  const nodes = store.nodes.value;
  const selected = store.selection.value;
  const details = store.sliceDetails.value;
  const tracks =
    selected.kind === "area"
      ? store.areaTracks(selected.tracks)
      : selected.kind === "slice" && details !== null
        ? [details.track_id]
        : [];
  return [
    { title: "pinned", keys: store.pins.value.filter((key) => store.nodeIndex.value.has(key)) },
    { title: "filtered", keys: filteredKeys(nodes, store.trackFilter.value) },
    { title: "selected", keys: keysOfTracks(nodes, new Set(tracks)) },
  ];
}

function show(name: string | null): void {
  store.workspaceName.value = name;
  store.setScroll(0);
}

export function WorkspacesPanel() {
  const wanted = useSignal("");
  const list = store.workspaces.value;
  const shown = store.workspace.value;
  const replace = (old: Workspace, next: Workspace | null) => {
    const isShown = store.workspaceName.value === old.name;
    store.setWorkspaces(
      list.flatMap((each) => (each !== old ? [each] : next === null ? [] : [next])),
      isShown ? (next?.name ?? null) : store.workspaceName.value,
    );
  };
  const make = (keys: string[]) => {
    const name = freeName(list, wanted.value);
    store.setWorkspaces([...list, withRows({ name, keys: [] }, keys, store.nodeIndex.value)], name);
    // A filter would go on hiding rows of what was just made.
    store.trackFilter.value = "";
    store.setScroll(0);
    wanted.value = "";
  };
  const add = (keys: string[]) => store.changeWorkspace((each) => withRows(each, keys, store.nodeIndex.value));
  const copies = (label: string, take: (keys: string[]) => void) =>
    sources().map(({ title, keys }) => (
      <button class="small" key={title} disabled={keys.length === 0} onClick={() => take(keys)}>
        {label} {title} ({formatCount(keys.length)})
      </button>
    ));
  return (
    <div class="workspace-list">
      <label class="workspace-line">
        <input type="radio" name="workspace" checked={shown === null} onChange={() => show(null)} /> All tracks
      </label>
      {list.map((each) => (
        <div class="workspace-line" key={each.name}>
          <input
            type="radio"
            name="workspace"
            aria-label={`Show ${each.name}`}
            checked={each === shown}
            onChange={() => show(each.name)}
            style={{ flex: "none" }}
          />
          <input
            type="text"
            aria-label={`Name of ${each.name}`}
            value={each.name}
            onChange={(event) => {
              const others = list.filter((other) => other !== each);
              replace(each, { ...each, name: freeName(others, event.currentTarget.value) });
            }}
          />
          <span class="faint num">{formatCount(each.keys.length)} rows</span>
          <button class="small" aria-label={`Delete ${each.name}`} onClick={() => replace(each, null)}>
            Delete
          </button>
        </div>
      ))}
      {shown !== null && (
        <div class="workspace-line" role="group" aria-label={`Add to ${shown.name}`}>
          <span>Add to “{shown.name}”:</span>
          {copies("the", add)}
        </div>
      )}
      <div class="workspace-line" role="group" aria-label="New workspace">
        <input
          type="text"
          data-autofocus
          aria-label="Name of a new workspace"
          placeholder="Name of a new workspace"
          value={wanted.value}
          onInput={(event) => (wanted.value = event.currentTarget.value)}
        />
        <span>Make it</span>
        {copies("of the", make)}
        <button class="small" onClick={() => make([])}>
          empty
        </button>
      </div>
      <p class="faint">
        Rows are pinned, filtered by the box above their names, or selected by dragging over them; in a workspace they
        can be moved and taken out. Workspaces are kept in this browser and travel in the link.
      </p>
    </div>
  );
}
