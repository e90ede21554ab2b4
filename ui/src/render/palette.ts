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
  /** On blocks that stand for several, which are paler. */
  onMerged: string;
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
  /** The same colours as bits of pixels. */
  classBits: readonly number[];
  nameBits: readonly number[];
}

/** A colour as a pixel of an image has it: red in the lowest byte, and how opaque it is in the highest. */
export function bitsOf(hex: string): number {
  const [red, green, blue] = rgbOf(hex);
  const alpha = hex.length > 7 ? parseInt(hex.slice(7), 16) : 255;
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
export const withAlpha = (bits: number, alpha: number): number =>
  ((bits & 0xffffff) | (Math.round(alpha * 255) << 24)) >>> 0;

/** The colour of a pixel, and how opaque it is, from 0 to 1. */
export function colorOfBits(bits: number): { color: string; alpha: number } {
  return { color: hexOf([bits & 0xff, (bits >> 8) & 0xff, (bits >> 16) & 0xff]), alpha: (bits >>> 24) / 255 };
}

/** Red, green and blue of `#rrggbb` or `#rrggbbaa`, from 0 to 255. */
export function rgbOf(hex: string): [number, number, number] {
  const value = parseInt(hex.slice(1, 7), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
function hexOf(rgb: readonly number[]): string {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

/** A hue in degrees, saturation and lightness in percent, as `#rrggbb`. */
export function hexOfHsl(hue: number, saturation: number, lightness: number): string {
  const light = lightness / 100;
  const chroma = (saturation / 100) * Math.min(light, 1 - light);
  const part = (n: number) => {
    const k = (n + hue / 30) % 12;
    return 255 * (light - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return hexOf([part(0), part(8), part(4)]);
}

function withBits(theme: Omit<CanvasTheme, "classBits" | "nameBits">): CanvasTheme {
  return { ...theme, classBits: theme.classes.map(bitsOf), nameBits: theme.names.map(bitsOf) };
}

const HUES = [210, 28, 145, 268, 52, 190, 340, 95, 232, 12, 168, 300, 40, 118, 250, 78, 320, 180];

export const LIGHT = withBits({
  background: "#ffffff",
  rowLine: "#eceef1",
  regionBackground: "#e4e9f0",
  groupBackground: "#f3f5f8",
  grid: "#eef0f3",
  text: "#1d2530",
  faintText: "#5b6572",
  onBlock: "#161c24",
  onMerged: "#161c24",
  selection: "#111827",
  selectionFill: "rgba(38, 110, 220, 0.13)",
  hover: "rgba(20, 30, 50, 0.55)",
  arrowOut: "#c2410c",
  arrowIn: "#0f766e",
  mark: "#b45309",
  counterFill: "#4078c840",
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
  names: HUES.map((hue, i) => hexOfHsl(hue, i % 2 === 0 ? 46 : 38, i % 3 === 0 ? 80 : 84)),
});

export const DARK = withBits({
  background: "#14181e",
  rowLine: "#20262e",
  regionBackground: "#262e39",
  groupBackground: "#1b2129",
  grid: "#1e242c",
  text: "#dce3ea",
  faintText: "#8b96a3",
  onBlock: "#0b0e12",
  onMerged: "#ffffff",
  selection: "#ffffff",
  selectionFill: "rgba(96, 160, 255, 0.17)",
  hover: "rgba(255, 255, 255, 0.7)",
  arrowOut: "#fb923c",
  arrowIn: "#2dd4bf",
  mark: "#fbbf24",
  counterFill: "#64a0f047",
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
  names: HUES.map((hue, i) => hexOfHsl(hue, i % 2 === 0 ? 30 : 25, i % 3 === 0 ? 58 : 63)),
});

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

export const isWorkClass = (kernelClass: number): boolean => kernelClass > 0 && kernelClass < 9;

export function blockColor(theme: CanvasTheme, kernelClass: number, nameHash: number): string {
  if (isWorkClass(kernelClass)) return theme.classes[kernelClass]!;
  return theme.names[nameHash % theme.names.length]!;
}
/** The same as bits of a pixel. */
export function blockBits(theme: CanvasTheme, kernelClass: number, nameHash: number): number {
  if (isWorkClass(kernelClass)) return theme.classBits[kernelClass]!;
  return theme.nameBits[nameHash % theme.nameBits.length]!;
}
