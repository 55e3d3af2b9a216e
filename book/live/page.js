// On the pages with questions, exercises or live cells: makes each a place to answer or to write in. All else is loaded
// when a reader first goes into one.

import { Cell } from "./cell.js";
import { LiveCell, textOf } from "./live.js";
import { Python } from "./python.js";
import { setUpQuestions } from "./questions.js";

const base = document.currentScript.src;
const files = Object.fromEntries(Object.entries(FILES).map(([name, { url, size }]) =>
  [name, { url: new URL(url, base).href, size }])); // FILES is put in when the book is built

let editors = null;
const cells = [];
const python = new Python(files, (news) => cells.forEach((cell) => cell.hear(news)));
const loadEditors = () => (editors ??= import(files.editor.url));

function setUp() {
  for (const root of document.querySelectorAll(".exercise-cell")) cells.push(new Cell(root, python, loadEditors));

  // Cells of the chapter that are tagged `live`; each runs after those before it, as the reader has left them.
  const code = [...document.querySelectorAll("article .cell")].filter((cell) => cell.querySelector(".cell_input pre"));
  const live = new Map();
  const textNow = (cell) => live.get(cell)?.text ?? textOf(cell);
  code.forEach((root, k) => {
    if (!root.classList.contains("tag_live")) return;
    const cell = new LiveCell(root, () => code.slice(0, k).map(textNow), python, loadEditors);
    live.set(root, cell);
    cells.push(cell);
  });
}

// Now, since the script is deferred: the page is there, and has its final height before a reader's place is restored.
setUpQuestions();
setUp();
