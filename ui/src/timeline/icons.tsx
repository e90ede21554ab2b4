// The few pictures of the page, drawn as paths, since signs of a font look different on every machine.

const PATHS = {
  pin: "M6 1.5h4l-.5 4.5 2.5 2.5v1H8.6V14L8 15l-.6-1V9.5H4v-1L6.5 6z",
  thin: "M2 4h12M2 6.5h12M2 9h12M2 11.5h12",
  full: "M2 3.5h12v3.5H2zM2 9h12v3.5H2z",
  select: "M2 4V2h2M12 2h2v2M14 12v2h-2M4 14H2v-2M5 5h6v6H5z",
  remove: "M4 4l8 8M12 4l-8 8",
  up: "M3.5 10L8 5.5 12.5 10",
  down: "M3.5 6L8 10.5 12.5 6",
  workspaces: "M2 3h5v4H2zM9 3h5v4H9zM2 9h5v4H2zM9 9h5v4H9z",
  unfold: "M8 3v10M3 8h10",
  fold: "M3 8h10",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  const isFilled = name === "pin";
  return (
    <svg
      width="14"
      height="14"
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill={isFilled ? "currentColor" : "none"}
      stroke={isFilled ? "none" : "currentColor"}
      stroke-width="1.3"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
