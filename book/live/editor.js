// The editor, loaded when a reader first goes into a cell: CodeMirror with Python, and no more of it than that needs.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, gutterLineClass, keymap, lineNumbers } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

const ink = tagHighlighter([
  { tag: tags.comment, class: "ink-comment" },
  { tag: [tags.string, tags.special(tags.string)], class: "ink-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "ink-number" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword],
    class: "ink-keyword" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "ink-definition" },
]);

// The colours are those of the page, light or dark; the page sets the variables.
const look = EditorView.theme({
  "&": { backgroundColor: "var(--cell-paper)", color: "var(--course-ink)", fontSize: "inherit" },
  "&.cm-focused": { outline: "2px solid var(--course-accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--pst-font-family-monospace)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--course-ink)", padding: "0.55rem 0" },
  ".cm-line": { padding: "0 0.75rem 0 0.4rem" },
  ".cm-gutters": { backgroundColor: "var(--cell-paper)", border: "0", color: "var(--course-soft)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "1.9rem", padding: "0 0.3rem" },
  ".cm-selectionMatch, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--course-accent) 22%, transparent)",
    outline: "1px solid var(--course-accent)",
  },
  "&.cm-focused .cm-nonmatchingBracket": { color: "var(--course-wrong)" },
  ".cm-line.wrong-line": { backgroundColor: "color-mix(in srgb, var(--course-wrong) 15%, transparent)" },
  ".wrong-number": { color: "var(--course-wrong)", fontWeight: "700" },
  ".ink-comment": { color: "var(--course-soft)", fontStyle: "italic" },
  ".ink-string": { color: "var(--course-good)" },
  ".ink-number": { color: "var(--course-back)" },
  ".ink-keyword": { color: "var(--course-accent)", fontWeight: "600" },
  ".ink-definition": { fontWeight: "600" },
});

const setWrongLine = StateEffect.define();
const wrongLine = Decoration.line({ class: "wrong-line" });
const wrongNumber = new (class extends GutterMarker {
  elementClass = "wrong-number";
})();

// The mark stays at its line while the text above it changes, and goes when its line is changed.
const wrong = StateField.define({
  create: () => null,
  update(position, transaction) {
    for (const effect of transaction.effects) if (effect.is(setWrongLine)) return effect.value;
    if (position === null || !transaction.docChanged) return position;
    const line = transaction.startState.doc.lineAt(position);
    if (transaction.changes.touchesRange(line.from, line.to)) return null;
    return transaction.changes.mapPos(position);
  },
  provide: (field) => [
    EditorView.decorations.from(field, (position) => (view) =>
      position === null ? Decoration.none : Decoration.set(wrongLine.range(view.state.doc.lineAt(position).from))),
    gutterLineClass.compute([field], (state) => {
      const position = state.field(field);
      return RangeSet.of(position === null ? [] : [wrongNumber.range(state.doc.lineAt(position).from)]);
    }),
  ],
});

// Puts an editor into an element, in place of what it holds.
//
// Parameters
//   parent: the element
//   text, label: what stands in it, and what a screen reader calls it
//   selection: {from, to} of the text field that it replaces
//   changed: called with the new text
//   check: called for Ctrl-Enter
export function create({ parent, text, label, selection, changed, check }) {
  const run = () => {
    check();
    return true;
  };
  const state = EditorState.create({
    doc: text,
    selection: { anchor: Math.min(selection.from, text.length), head: Math.min(selection.to, text.length) },
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Shift-Enter", run }])),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
      lineNumbers(),
      history(),
      indentOnInput(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      python(),
      syntaxHighlighting(ink),
      bracketMatching(),
      closeBrackets(),
      wrong,
      look,
      EditorView.contentAttributes.of({ "aria-label": label, autocapitalize: "off", autocorrect: "off", tabindex: "0" }),
      EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    ],
  });
  const view = new EditorView({ state, parent });
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(value) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
    },
    focus: () => view.focus(),
    mark(line) {
      const there = line !== null && line >= 1 && line <= view.state.doc.lines;
      view.dispatch({ effects: setWrongLine.of(there ? view.state.doc.line(line).from : null) });
    },
  };
}
