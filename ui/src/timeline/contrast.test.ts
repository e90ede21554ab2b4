// What is written can be read in both themes: a contrast of 4.5 to 1 at least, as WCAG 2.2 asks for (AA, text of any size).
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LABEL_ALPHA, MERGED_ALPHA } from "./draw.ts";
import { blockColor, type CanvasTheme, DARK, LIGHT, rgbOf } from "../render/palette.ts";

type Rgb = readonly number[];
const AA = 4.5;

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}
const over = (top: Rgb, alpha: number, below: Rgb): Rgb => top.map((part, i) => part * alpha + below[i]! * (1 - alpha));

it("measures contrast as the standard does", () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
  // The lightest grey that is known to pass on white.
  expect(contrast(rgbOf("#767676"), [255, 255, 255])).toBeCloseTo(4.54, 2);
});

const blocks = (theme: CanvasTheme): Rgb[] => [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((kernelClass) => rgbOf(blockColor(theme, kernelClass, 0))),
  ...theme.names.map((_, hash) => rgbOf(blockColor(theme, 0, hash))),
];

it.each([
  ["light", LIGHT],
  ["dark", DARK],
])("the %s timeline can be read", (_, theme) => {
  const background = rgbOf(theme.background);
  const least = (text: string, grounds: Rgb[]) => Math.min(...grounds.map((ground) => contrast(rgbOf(text), ground)));
  expect(least(theme.onBlock, blocks(theme)), "names on blocks").toBeGreaterThanOrEqual(AA);
  const merged = blocks(theme).map((block) => over(block, MERGED_ALPHA, background));
  expect(least(theme.onMerged, merged), "names on merged blocks").toBeGreaterThanOrEqual(AA);
  const counter = over(rgbOf(theme.counterFill), parseInt(theme.counterFill.slice(7), 16) / 255, background);
  const labels = [background, counter, rgbOf(theme.counterLine)].map((each) => over(background, LABEL_ALPHA, each));
  const loads = [1, 8].map((each) => over(background, LABEL_ALPHA, rgbOf(theme.classes[each]!)));
  expect(least(theme.faintText, [background, ...labels.slice(0, 2)]), "axis and scales").toBeGreaterThanOrEqual(AA);
  expect(least(theme.text, [...labels, ...loads]), "values, names of loads").toBeGreaterThanOrEqual(AA);
});

/** Custom properties of a theme in the style sheet, those that are plain colours. */
function colorsOf(isDark: boolean): Record<string, string> {
  const css = readFileSync(new URL("../app/style.css", import.meta.url), "utf8");
  const [light, dark] = css.split(':root[data-theme="dark"]');
  const block = (isDark ? dark! : light!).split("}")[0]!;
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1], match[2]]));
}

it.each([
  ["light", false],
  ["dark", true],
])("the %s page can be read", (_, isDark) => {
  const colors = colorsOf(isDark);
  const pairs: Record<string, string[]> = {
    text: ["bg", "panel", "raised", "region", "group", "soft", "accent-soft", "warn-soft"],
    faint: ["bg", "panel", "raised", "region", "group", "soft", "accent-soft"],
    accent: ["bg", "panel", "raised", "group", "soft", "accent-soft"],
    warn: ["bg", "panel", "warn-soft"],
    error: ["bg", "panel", "raised"],
    bg: ["accent"],
    "sql-keyword": ["bg"],
    "sql-string": ["bg"],
    "sql-number": ["bg"],
  };
  for (const [text, grounds] of Object.entries(pairs)) {
    for (const ground of grounds)
      expect(contrast(rgbOf(colors[text]!), rgbOf(colors[ground]!)), `${text} on ${ground}`).toBeGreaterThanOrEqual(AA);
  }
  // Chips of classes have one colour of text in both themes.
  for (let i = 1; i <= 9; i++)
    expect(contrast(rgbOf("#10151c"), rgbOf(colors[`class-${i}`]!)), `class ${i}`).toBeGreaterThanOrEqual(AA);
});
