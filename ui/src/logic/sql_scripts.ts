// Which scripts of SQL have to run before another one: those that create what it names. A link carries them with a track
// that a query made, so that a view of one SQL tab is there when the track is made again elsewhere.

/** Without comments and texts, in which any word may stand. */
const bare = (script: string): string =>
  script.replace(/--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'/g, (part) => (part.startsWith("'") ? "''" : " "));

const CREATE =
  /\bcreate\s+(?:or\s+replace\s+)?(?:perfetto\s+)?(?:temp(?:orary)?\s+)?(?:virtual\s+)?(?:table|view|function|macro)\s+(?:if\s+not\s+exists\s+)?["`[]?(\w+)/gi;
/** The same as functions, which take the name in a text. */
const CREATE_FUNCTION = /\bcreate_(?:view_)?function\s*\(\s*'\s*(\w+)/gi;

/** The names that a script creates, in lower case. */
export function createdNames(script: string): string[] {
  const found = [...bare(script).matchAll(CREATE), ...script.matchAll(CREATE_FUNCTION)];
  return found.map((match) => match[1]!.toLowerCase());
}

/** Whether a script leaves something for later ones: what it creates, or a module. */
export const leavesSomething = (script: string): boolean =>
  createdNames(script).length > 0 || /\binclude\s+perfetto\s+module\b/i.test(bare(script));

/** Of the scripts that ran before, in order, those that `script` needs: for its own names, and for those of such scripts. */
export function neededScripts(before: readonly string[], script: string): string[] {
  const wordsOf = (text: string) => new Set(bare(text).toLowerCase().match(/\w+/g) ?? []);
  const words = wordsOf(script);
  const needed: string[] = [];
  for (const each of [...before].reverse()) {
    const names = createdNames(each);
    // What a module brings is not told by its name.
    if (names.length > 0 ? !names.some((name) => words.has(name)) : !leavesSomething(each)) continue;
    needed.unshift(each);
    for (const word of wordsOf(each)) words.add(word);
  }
  return needed;
}
