// Turns key presses into commands. Keys belong to the field or dialog that has the focus, unless a command says otherwise.
import { chordOf, placeChordOf } from "../logic/keys.ts";
import { controller } from "../timeline/controller.ts";
import { dialog } from "../state/store.ts";
import { type Command, commandForChord } from "./commands.ts";

const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.tagName === "TEXTAREA" ||
    target.tagName === "SELECT" ||
    target.tagName === "INPUT");

export function attachKeyboard(): () => void {
  const held = new Map<string, Command>();
  const down = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const chord = chordOf(event);
    if (chord === null) return;
    const place = placeChordOf(event);
    // The letter that is written wins; its place on the keyboard is for layouts where it is another one.
    let command = commandForChord(chord);
    const byPlace = place === null ? undefined : commandForChord(place);
    if (byPlace?.release !== undefined) command = byPlace;
    if (command === undefined) return;
    if (isTextField(event.target)) {
      if (event.key === "Escape" && dialog.value === "none") {
        (event.target as HTMLElement).blur();
        return;
      }
      if (command.inText !== true && !(command.id === "deselect" && dialog.value !== "none")) return;
    }
    if (dialog.value !== "none" && command.id !== "deselect" && command.inText !== true) return;
    // Enter and Space press the button that has the focus.
    if (
      /^(Shift\+)?(Enter|Space)$/.test(chord) &&
      (event.target as HTMLElement | null)?.closest?.("button,a,[role=option]")
    )
      return;
    event.preventDefault();
    if (command.release !== undefined) {
      if (!event.repeat && !held.has(event.code)) {
        held.set(event.code, command);
        command.run();
      }
    } else command.run();
  };
  const up = (event: KeyboardEvent) => {
    held.get(event.code)?.release?.();
    held.delete(event.code);
  };
  const letGo = () => {
    for (const command of held.values()) command.release?.();
    held.clear();
    controller.value?.releaseAll();
  };
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", letGo);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", letGo);
  };
}
