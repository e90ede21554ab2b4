// Names of keys as people write them: `Shift+M`, `Mod+P`, `[`, `ArrowLeft`. Mod is Ctrl, or Cmd on a Mac.
// Letters are taken from the place on the keyboard while they move the view, so that W A S D stay a cross.

export interface KeyLike {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The chord of a key press, or null for a modifier alone. */
export function chordOf(event: KeyLike): string | null {
  if (["Control", "Meta", "Alt", "Shift", "AltGraph"].includes(event.key)) return null;
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  const isLetter = /^\p{L}$/u.test(event.key);
  // A sign like `?` already says that Shift was needed for it on this keyboard.
  if (event.shiftKey && (isLetter || event.key.length > 1)) parts.push("Shift");
  parts.push(isLetter ? event.key.toUpperCase() : event.key === " " ? "Space" : event.key);
  return parts.join("+");
}

/** The same by the place of the key, for letters only: `KeyW` is W on every keyboard. */
export function placeChordOf(event: KeyLike): string | null {
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter === undefined) return null;
  const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
  return `${mod}${event.altKey ? "Alt+" : ""}${event.shiftKey ? "Shift+" : ""}${letter}`;
}

const SYMBOLS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Delete: "Del",
};
export function keyLabel(chord: string, isMac: boolean): string {
  const parts = chord === "+" ? ["+"] : chord.split("+");
  return parts.map((part) => (part === "Mod" ? (isMac ? "⌘" : "Ctrl") : (SYMBOLS[part] ?? part))).join(" ");
}

/** Which chords a command answers to: the user's, or its own. */
export function keysFor(id: string, own: readonly string[], remapped: Record<string, string[]>): readonly string[] {
  return remapped[id] ?? own;
}
