// Fuzzy choice from a list of texts: letters in order, words in any order, the best match first.
import uFuzzy from "@leeoniya/ufuzzy";

const matcher = new uFuzzy({ intraMode: 0, intraIns: Infinity, interIns: Infinity });

/** The innermost name of a path, without the numbers that may follow it after two blanks. */
const lastPart = (text: string): string =>
  text
    .slice(text.lastIndexOf(" › ") + 1)
    .replace(/^› /, "")
    .split("  ")[0]!;

/** Indices of the texts that match, best first; all of them, in their own order, for an empty needle. */
export function fuzzyRank(texts: readonly string[], needle: string, limit = 200): number[] {
  if (needle.trim() === "") return texts.slice(0, limit).map((_, i) => i);
  const [found, info, order] = matcher.search([...texts], needle, 1);
  if (found === null) return [];
  const ranked = info !== null && order !== null ? order.map((i) => info.idx[i]!) : [...found];
  // Who writes the whole name of a row means that row, and not one that has more of the letters elsewhere.
  const wanted = needle.trim().toLowerCase();
  const isNamed = (i: number) => lastPart(texts[i]!).toLowerCase() === wanted;
  ranked.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
  return ranked.slice(0, limit);
}
