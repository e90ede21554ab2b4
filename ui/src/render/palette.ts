// Colours of both themes. GPU work is coloured by what it does, so that a glance over a stream says where the
// time goes; everything else by a hash of its name, in tones calm enough to let the GPU rows stand out.

export interface CanvasTheme {
  background: string;
  rowLine: string;
  regionBackground: string;
  groupBackground: string;
  grid: string;
  text: string;
  faintText: string;
  onBlock: string;
  selection: string;
  selectionFill: string;
  hover: string;
  arrowOut: string;
  arrowIn: string;
  mark: string;
  counterFill: string;
  counterLine: string;
  hit: string;
  classes: readonly string[];
  names: readonly string[];
}

const HUES = [210, 28, 145, 268, 52, 190, 340, 95, 232, 12, 168, 300, 40, 118, 250, 78, 320, 180];

export const LIGHT: CanvasTheme = {
  background: "#ffffff",
  rowLine: "#eceef1",
  regionBackground: "#e4e9f0",
  groupBackground: "#f3f5f8",
  grid: "#eef0f3",
  text: "#1d2530",
  faintText: "#69737f",
  onBlock: "#161c24",
  selection: "#111827",
  selectionFill: "rgba(38, 110, 220, 0.13)",
  hover: "rgba(20, 30, 50, 0.55)",
  arrowOut: "#c2410c",
  arrowIn: "#0f766e",
  mark: "#b45309",
  counterFill: "rgba(64, 120, 200, 0.25)",
  counterLine: "#3f74bd",
  hit: "#d97706",
  classes: [
    "#b9c2cd",
    "#7fb0f0",
    "#f5a860",
    "#6cc7b3",
    "#b897ec",
    "#ef8585",
    "#e6c84f",
    "#cbb196",
    "#aab4c0",
    "#c3dba6",
  ],
  names: HUES.map((hue, i) => `hsl(${hue} ${i % 2 === 0 ? 46 : 38}% ${i % 3 === 0 ? 80 : 84}%)`),
};

export const DARK: CanvasTheme = {
  background: "#14181e",
  rowLine: "#20262e",
  regionBackground: "#262e39",
  groupBackground: "#1b2129",
  grid: "#1e242c",
  text: "#dce3ea",
  faintText: "#8b96a3",
  onBlock: "#0b0e12",
  selection: "#ffffff",
  selectionFill: "rgba(96, 160, 255, 0.17)",
  hover: "rgba(255, 255, 255, 0.7)",
  arrowOut: "#fb923c",
  arrowIn: "#2dd4bf",
  mark: "#fbbf24",
  counterFill: "rgba(100, 160, 240, 0.28)",
  counterLine: "#6ea5ec",
  hit: "#fbbf24",
  classes: [
    "#66717e",
    "#6a9fe6",
    "#e5954d",
    "#57b39f",
    "#a483dd",
    "#de7070",
    "#d2b440",
    "#b39a80",
    "#8a96a4",
    "#97b574",
  ],
  names: HUES.map((hue, i) => `hsl(${hue} ${i % 2 === 0 ? 30 : 25}% ${i % 3 === 0 ? 58 : 63}%)`),
};

export const CLASS_NAMES = [
  "none",
  "GEMM",
  "attention",
  "softmax / norm",
  "MoE",
  "communication",
  "copy",
  "memset",
  "other kernel",
  "annotation",
] as const;

export function blockColor(theme: CanvasTheme, kernelClass: number, nameHash: number): string {
  if (kernelClass > 0 && kernelClass < 9) return theme.classes[kernelClass]!;
  return theme.names[nameHash % theme.names.length]!;
}
