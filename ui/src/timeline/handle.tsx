// An edge that changes a size: by dragging it, or with the arrow keys while it has the focus.

interface HandleProps {
  label: string;
  class: string;
  /** Which way the edge lies; it moves across. */
  orientation: "horizontal" | "vertical";
  /** Whether moving it down or to the right makes the size larger. */
  grows: "forward" | "backward";
  size: number;
  min: number;
  max: number;
  onSize: (size: number) => void;
  /** What Enter and a double click go back to. */
  usual: number;
}
const STEP_PX = 10;

export function Handle(props: HandleProps) {
  const { label, orientation, size, min, max } = props;
  const sign = props.grows === "forward" ? 1 : -1;
  const isFlat = orientation === "horizontal";
  const set = (wanted: number) => props.onSize(Math.round(Math.min(max, Math.max(min, wanted))));
  const drag = (event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    const at = (each: PointerEvent) => sign * (isFlat ? each.clientY : each.clientX);
    const from = size - at(event);
    const move = (next: PointerEvent) => set(from + at(next));
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  };
  const press = (event: KeyboardEvent) => {
    const [back, forward] = isFlat ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
    const wanted: Record<string, number> = {
      [back]: size - sign * STEP_PX,
      [forward]: size + sign * STEP_PX,
      Home: min,
      End: max,
      Enter: props.usual,
    };
    if (wanted[event.key] === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    set(wanted[event.key]!);
  };
  return (
    <div
      class={props.class}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={Math.round(size)}
      aria-valuemin={min}
      aria-valuemax={Math.round(max)}
      onPointerDown={drag}
      onKeyDown={press}
      onDblClick={() => set(props.usual)}
    />
  );
}
