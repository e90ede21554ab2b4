// The SQL editor: CodeMirror with completion from the live schema. Made once per tab; its text lives in the tab's state.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { keywordCompletionSource, schemaCompletionSource, sql, SQLite } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Schema } from "../api/types.ts";

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--sql-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--sql-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--sql-number)" },
  { tag: [tags.lineComment, tags.blockComment], color: "var(--faint)", fontStyle: "italic" },
]);
const language = new Compartment();

export interface SqlEditor {
  text: () => string;
  /** The selected text, or all of it. */
  textToRun: () => { text: string; isSelection: boolean };
  setText: (text: string) => void;
  setSchema: (schema: Schema) => void;
  focus: () => void;
  destroy: () => void;
}

export function makeSqlEditor(
  parent: HTMLElement,
  text: string,
  onChange: (text: string) => void,
  onRun: () => void,
): SqlEditor {
  const run = () => {
    onRun();
    return true;
  };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([{ key: "Mod-Enter", run, preventDefault: true }]),
        lineNumbers(),
        history(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        syntaxHighlighting(highlight),
        EditorView.lineWrapping,
        placeholder("select name, count(*), sum(dur) from slice group by name order by 3 desc"),
        EditorView.contentAttributes.of({ "aria-label": "SQL; Escape leaves the editor" }),
        keymap.of([
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
          indentWithTab,
        ]),
        language.of(sql({ dialect: SQLite })),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    textToRun: () => {
      const { from, to } = view.state.selection.main;
      const isSelection = from !== to;
      return { text: isSelection ? view.state.sliceDoc(from, to) : view.state.doc.toString(), isSelection };
    },
    setText: (next) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    setSchema: (schema) => {
      const tables = Object.fromEntries(
        schema.tables.map((table) => [
          table.name,
          {
            self: { label: table.name, type: "type", info: table.doc },
            children: table.columns.map((column) => ({
              label: column.name,
              type: "property",
              detail: column.type,
              info: column.doc,
            })),
          },
        ]),
      );
      const dialect = SQLite;
      const names = [
        ...schema.functions.map((label) => ({ label, type: "function", apply: `${label}(` })),
        ...schema.modules.map((label) => ({ label, type: "namespace" })),
      ];
      // Columns are offered without their table too: most queries read one table and name no alias.
      const columns = [...new Set(schema.tables.flatMap((table) => table.columns.map((column) => column.name)))];
      const support = sql({ dialect, schema: tables });
      view.dispatch({
        effects: language.reconfigure([
          support,
          dialect.language.data.of({
            autocomplete: (context: Parameters<ReturnType<typeof schemaCompletionSource>>[0]) => {
              const word = context.matchBefore(/[\w.]+$/);
              if (
                word === null ||
                (word.text.includes(".") && !schema.modules.some((name) => name.startsWith(word.text)))
              )
                return null;
              const options = [...names, ...columns.map((label) => ({ label, type: "property", boost: -1 }))];
              return { from: word.from, options, validFor: /^[\w.]*$/ };
            },
          }),
          dialect.language.data.of({ autocomplete: keywordCompletionSource(dialect) }),
        ]),
      });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
