// Fuzzy choice from a list of texts: letters in order, words in any order, the best match first.
import uFuzzy from "@leeoniya/ufuzzy";

const matcher = new uFuzzy({ intraMode: 0, intraIns: Infinity, interIns: Infinity });

/** Indices of the texts that match, best first; all of them, in their own order, for an empty needle. */
export function fuzzyRank(texts: readonly string[], needle: string, limit = 200): number[] {
  if (needle.trim() === "") return texts.slice(0, limit).map((_, i) => i);
  const [found, info, order] = matcher.search([...texts], needle, 1);
  if (found === null) return [];
  const ranked = info !== null && order !== null ? order.map((i) => info.idx[i]!) : [...found];
  return ranked.slice(0, limit);
}
