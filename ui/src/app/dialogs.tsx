// The dialogs: help with every key, command palette, track finder. All of them read the one list of commands.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { TrackNode } from "../api/types.ts";
import { fuzzyRank } from "../logic/fuzzy.ts";
import { chordOf, keyLabel } from "../logic/keys.ts";
import { allTracks, pathText } from "../logic/rows.ts";
import * as store from "../state/store.ts";
import { controller } from "../timeline/controller.ts";
import { type Command, COMMANDS, keysOf } from "./commands.ts";
import { WorkspacesPanel } from "./workspaces_dialog.tsx";

const isMac = /mac/i.test(navigator.platform);

function Dialog({ label, children, wide }: { label: string; children: ComponentChildren; wide?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    (box.current?.querySelector<HTMLElement>("[data-autofocus]") ?? box.current)?.focus();
    return () => {
      if (before?.isConnected === true && before.tagName !== "BODY") before.focus();
    };
  }, []);
  const keepFocus = (event: KeyboardEvent) => {
    if (event.key !== "Tab" || box.current === null) return;
    const items = [...box.current.querySelectorAll<HTMLElement>("button,input,select,[tabindex='0']")];
    const [first, last] = [items[0], items[items.length - 1]];
    if (first === undefined || last === undefined) return;
    if (event.shiftKey && document.activeElement === first) {
      event.preventDefault();
      last.focus();
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault();
      first.focus();
    }
  };
  return (
    <div
      class="backdrop"
      onPointerDown={(event) => event.target === event.currentTarget && (store.dialog.value = "none")}
    >
      <div
        class={wide === true ? "dialog wide" : "dialog"}
        role="dialog"
        aria-modal="true"
        aria-label={label}
        ref={box}
        tabIndex={-1}
        onKeyDown={keepFocus}
      >
        {children}
      </div>
    </div>
  );
}

export function Keys({ chords }: { chords: readonly string[] }) {
  return (
    <span class="keys">
      {chords.map((chord) => (
        <kbd key={chord}>{keyLabel(chord, isMac)}</kbd>
      ))}
    </span>
  );
}

const MOUSE: [string, string][] = [
  ["Ctrl + wheel", "zoom at the cursor"],
  ["wheel", "scroll"],
  ["Shift + wheel, sideways wheel", "pan"],
  ["Shift + drag, middle-button drag", "pan"],
  ["drag on tracks", "select an area; ends stick to slices, Alt lets them go"],
  ["drag the ends of an area", "change it"],
  ["drag on the time axis", "select a time range of all tracks"],
  ["drag on the overview", "zoom to the range; its frame and edges can be dragged"],
  ["click", "select a slice; elsewhere: deselect"],
  ["click below the time axis", "set a flag"],
  ["double click", "zoom to a slice"],
  ["touch", "drag pans, two fingers zoom"],
];

function Help() {
  const editing = useSignal<string | null>(null);
  const groups = [...new Set(COMMANDS.map((command) => command.group))];
  const remap = (command: Command, event: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const chord = chordOf(event);
    if (chord === null) return;
    editing.value = null;
    if (chord === "Escape") return;
    // A chord belongs to one command: whoever had it loses it.
    const keys = { ...store.settings.value.keys };
    for (const other of COMMANDS) {
      if (keysOf(other).includes(chord)) keys[other.id] = keysOf(other).filter((each) => each !== chord);
    }
    keys[command.id] = [chord];
    store.changeSettings({ keys });
  };
  return (
    <Dialog label="Help" wide>
      <header class="dialog-head">
        <h2>Keys and mouse</h2>
        <span class="faint">Click a key to change it.</span>
        <span class="spacer" />
        <button class="small" onClick={() => store.changeSettings({ keys: {} })}>
          Reset keys
        </button>
        <button class="small" data-autofocus onClick={() => (store.dialog.value = "none")}>
          Close
        </button>
      </header>
      <div class="help-columns">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <table class="help">
              {COMMANDS.filter(
                (command) => command.group === group && (keysOf(command).length > 0 || command.keys.length > 0),
              ).map((command) => (
                <tr key={command.id}>
                  <td>
                    <button
                      class="key-button"
                      aria-label={`Change the key of: ${command.title}`}
                      onClick={() => (editing.value = command.id)}
                      onKeyDown={(event) => editing.value === command.id && remap(command, event)}
                      onBlur={() => (editing.value = null)}
                    >
                      {editing.value === command.id ? (
                        <em>press a key…</em>
                      ) : keysOf(command).length === 0 ? (
                        <em>none</em>
                      ) : (
                        <Keys chords={keysOf(command)} />
                      )}
                    </button>
                  </td>
                  <td>{command.title}</td>
                </tr>
              ))}
            </table>
          </section>
        ))}
        <section>
          <h3>Mouse</h3>
          <table class="help">
            {MOUSE.map(([what, does]) => (
              <tr key={what}>
                <td>
                  <span class="keys">{what}</span>
                </td>
                <td>{does}</td>
              </tr>
            ))}
          </table>
        </section>
      </div>
    </Dialog>
  );
}

interface Choice {
  text: string;
  extra: ComponentChildren;
  run: () => void;
}

function Picker({ label, placeholder, choices }: { label: string; placeholder: string; choices: readonly Choice[] }) {
  const needle = useSignal("");
  const at = useSignal(0);
  const ranked = fuzzyRank(
    choices.map((choice) => choice.text),
    needle.value,
  );
  const current = Math.min(at.value, Math.max(0, ranked.length - 1));
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });
  const choose = (index: number | undefined) => {
    const choice = index === undefined ? undefined : choices[index];
    if (choice === undefined) return;
    store.dialog.value = "none";
    choice.run();
  };
  return (
    <Dialog label={label}>
      <input
        data-autofocus
        class="picker-input"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="picker-list"
        aria-activedescendant={ranked.length > 0 ? `choice-${current}` : undefined}
        aria-label={label}
        placeholder={placeholder}
        value={needle.value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          needle.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={(event) => {
          const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
          const step = steps[event.key];
          if (step !== undefined) {
            event.preventDefault();
            at.value = Math.min(Math.max(0, current + step), Math.max(0, ranked.length - 1));
          } else if (event.key === "Enter") {
            event.preventDefault();
            event.stopPropagation();
            choose(ranked[current]);
          }
        }}
      />
      <div class="picker-list" role="listbox" id="picker-list" aria-label={label} ref={list}>
        {ranked.map((index, i) => (
          <div
            key={index}
            id={`choice-${i}`}
            role="option"
            aria-selected={i === current}
            class={i === current ? "choice current" : "choice"}
            onClick={() => choose(index)}
            onMouseMove={() => i !== current && (at.value = i)}
          >
            <span>{choices[index]!.text}</span>
            {choices[index]!.extra}
          </div>
        ))}
        {ranked.length === 0 && <p class="faint pad">Nothing matches.</p>}
      </div>
    </Dialog>
  );
}

const RECENT_KEY = "kinetoscope.recent_commands";

function Palette() {
  const recent = store.stored<string[]>(RECENT_KEY, []);
  const rank = (command: Command) => (recent.indexOf(command.id) + 1 || 1000) - 1;
  const commands = COMMANDS.filter((command) => command.release === undefined && command.id !== "palette").sort(
    (a, b) => rank(a) - rank(b),
  );
  const choices = commands.map((command) => ({
    text: command.title,
    extra: <Keys chords={keysOf(command)} />,
    run: () => {
      store.store(RECENT_KEY, [command.id, ...recent.filter((id) => id !== command.id)].slice(0, 6));
      command.run();
    },
  }));
  return <Picker label="Command palette" placeholder="Type a command" choices={choices} />;
}

function TrackPicker({ isPinning }: { isPinning: boolean }) {
  const choices: Choice[] = [];
  const visit = (node: TrackNode, path: readonly TrackNode[]) => {
    const ids = [
      node.pid !== null && node.kind === "process" ? `pid ${node.pid}` : "",
      node.tid !== null ? `tid ${node.tid}` : "",
      node.role ?? "",
    ];
    const number = allTracks(node).reduce((sum, track) => sum + track.num_events, 0);
    choices.push({
      text:
        pathText(path, node) +
        ids
          .filter(Boolean)
          .map((each) => `  ${each}`)
          .join(""),
      extra: <span class="faint num">{number.toLocaleString("en")}</span>,
      run: () => {
        if (isPinning) {
          if (!store.pins.value.includes(node.key)) store.togglePin(node.key);
          return;
        }
        store.trackFilter.value = "";
        store.setCollapsed(
          path.map((each) => each.key),
          false,
        );
        controller.value?.revealNode(node.key);
        const tracks = allTracks(node).map((track) => track.id);
        const { start, end } = store.view.value;
        if (node.tracks.length > 0)
          store.select({ kind: "area", start: Math.floor(start), end: Math.ceil(end), tracks });
      },
    });
    for (const child of node.children) visit(child, [...path, node]);
  };
  for (const node of store.nodes.value) visit(node, []);
  return (
    <Picker
      label={isPinning ? "Find a track to pin" : "Find a track"}
      placeholder="Process, thread, stream, rank…"
      choices={choices}
    />
  );
}

export function Dialogs() {
  switch (store.dialog.value) {
    case "help":
      return <Help />;
    case "palette":
      return <Palette />;
    case "finder":
      return <TrackPicker isPinning={false} />;
    case "workspaces":
      return (
        <Dialog label="Workspaces">
          <header class="dialog-head">
            <h2>Workspaces</h2>
            <span class="spacer" />
            <button class="small" onClick={() => (store.dialog.value = "none")}>
              Close
            </button>
          </header>
          <WorkspacesPanel />
        </Dialog>
      );
    case "pin":
      return <TrackPicker isPinning />;
    default:
      return null;
  }
}
