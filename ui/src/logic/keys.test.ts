import { expect, it } from "vitest";
import { chordOf, keyLabel, type KeyLike, keysFor, placeChordOf } from "./keys.ts";

const press = (key: string, more: Partial<KeyLike> = {}): KeyLike => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

it("names chords as people write them", () => {
  expect(chordOf(press("m"))).toBe("M");
  expect(chordOf(press("M", { shiftKey: true }))).toBe("Shift+M");
  expect(chordOf(press("P", { shiftKey: true, ctrlKey: true }))).toBe("Mod+Shift+P");
  expect(chordOf(press("p", { metaKey: true }))).toBe("Mod+P");
  expect(chordOf(press("?", { shiftKey: true }))).toBe("?");
  expect(chordOf(press("Enter", { shiftKey: true }))).toBe("Shift+Enter");
  expect(chordOf(press("Shift", { shiftKey: true }))).toBe(null);
});

it("knows the place of letters on other keyboards", () => {
  expect(placeChordOf(press("z", { code: "KeyW" }))).toBe("W");
  expect(placeChordOf(press("/", { code: "Slash" }))).toBe(null);
});

it("labels and remaps", () => {
  expect(keyLabel("Mod+Shift+P", false)).toBe("Ctrl Shift P");
  expect(keyLabel("Mod+ArrowLeft", true)).toBe("⌘ ←");
  expect(keysFor("a", ["X"], {})).toEqual(["X"]);
  expect(keysFor("a", ["X"], { a: [] })).toEqual([]);
});
