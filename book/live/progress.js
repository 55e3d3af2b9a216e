// The page "Your progress": what of each exercise is right, and the reader's work to take along, bring back or clear.

import { element } from "./dom.js";
import * as storage from "./storage.js";

const base = document.currentScript.src;
const root = document.querySelector(".course-progress");
const titles = JSON.parse(root.dataset.assignments);
const rows = [...root.querySelectorAll(".progress-row")];
const FORMAT = "backprop-course answers";
const LONGEST = 100_000; // characters of one answer

const said = element("p", { class: "progress-said", role: "status" });
const tell = (text) => said.replaceChildren(text);

const states = {
  right: ["✓", "right"],
  changed: ["✎", "right once, changed since"],
  wrong: ["✗", "not right yet"],
  open: ["○", "not tried yet"],
};

function stateOf(entry) {
  if (!entry?.tried) return "open";
  if (entry.verdict?.passed) return entry.changed ? "changed" : "right";
  return "wrong";
}

function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

// Gives an element's end a mark or a count, in place of the one that it has.
function put(parent, kind, ...children) {
  parent.querySelector(`:scope > .${kind}`)?.remove();
  parent.append(element("span", { class: kind }, ...children));
}

function show() {
  const kept = storage.all();
  let right = 0;
  let points = 0;
  for (const row of rows) {
    const entry = kept.get(row.dataset.cell);
    const state = stateOf(entry);
    const [sign, words] = states[state];
    row.dataset.state = state;
    const mistake = state === "wrong" && entry.verdict?.mistake ? `: ${entry.verdict.mistake}` : "";
    put(row, "progress-state", element("span", { "aria-hidden": "true" }, `${sign} `), `${words}${mistake}`);
    if (state === "right") right += 1;
    points += entry?.verdict && !entry.changed ? Number(entry.verdict.points) || 0 : 0;
  }
  for (const part of root.querySelectorAll(".progress-page")) {
    const own = [...part.querySelectorAll(".progress-row")];
    put(part.querySelector("h2"), "progress-count",
      `${own.filter((row) => row.dataset.state === "right").length} of ${own.length} right`);
  }
  const all = rows.reduce((sum, row) => sum + Number(row.dataset.points), 0);
  bar.max = rows.length;
  bar.value = right;
  whole.textContent = `${right} of ${plural(rows.length, "exercise")} right, ${points} of ${all} points.`;
}

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Puts the reader's answers into the notebook that students get, which can be handed in or checked like any other.
async function downloadNotebook(assignment) {
  const response = await fetch(new URL(`${NOTEBOOKS}/${assignment}.ipynb`, base)).catch(() => null);
  if (!response?.ok) return tell("The notebook could not be loaded; see whether you are connected, and try again.");
  const notebook = await response.json();
  const texts = storage.answers(assignment);
  let filled = 0;
  for (const cell of notebook.cells) {
    const name = /^answer-(.+)$/.exec(cell.id)?.[1];
    if (name === undefined || typeof texts[name] !== "string") continue;
    cell.source = texts[name];
    filled += 1;
  }
  save(`${assignment}.ipynb`, "application/x-ipynb+json", `${JSON.stringify(notebook, null, 1)}\n`);
  return tell(`${assignment}.ipynb holds ${plural(filled, "answer")} of yours; the rest is as it was handed out.`);
}

function exportAll() {
  const answers = Object.fromEntries(storage.all());
  save("backprop-course.json", "application/json", `${JSON.stringify({ format: FORMAT, version: 1, answers }, null, 1)}\n`);
  tell(`Exported ${plural(Object.keys(answers).length, "answer")}.`);
}

// Returns an entry with nothing in it but what an entry has, or null.
function cleaned(entry) {
  if (entry === null || typeof entry !== "object" || typeof entry.text !== "string") return null;
  if (entry.text.length > LONGEST) return null;
  const { verdict } = entry;
  const judged = verdict !== null && typeof verdict === "object";
  return {
    text: entry.text,
    tried: Math.max(0, Math.trunc(Number(entry.tried) || 0)),
    changed: Boolean(entry.changed),
    verdict: judged ? {
      passed: typeof verdict.passed === "boolean" ? verdict.passed : null,
      mistake: typeof verdict.mistake === "string" ? verdict.mistake.slice(0, 100) : null,
      points: Number(verdict.points) || 0,
      max_points: Number(verdict.max_points) || 0,
    } : null,
  };
}

async function importAll(file) {
  let content = null;
  try {
    content = JSON.parse(await file.text());
  } catch {
    // said below
  }
  if (content?.format !== FORMAT || content.answers === null || typeof content.answers !== "object") {
    return tell(`${file.name} is not a file that was exported here; nothing was changed.`);
  }
  let taken = 0;
  for (const { dataset: { cell } } of rows) {
    const entry = Object.hasOwn(content.answers, cell) ? cleaned(content.answers[cell]) : null;
    if (!entry) continue;
    storage.save(cell, entry);
    taken += 1;
  }
  show();
  return tell(`Took ${plural(taken, "answer")} from ${file.name}.`);
}

function clearAll() {
  for (const cell of storage.all().keys()) storage.remove(cell);
  storage.forgetChoices();
  show();
  sure.hidden = true;
  tell("All your answers are gone from this browser.");
}

const button = (words, act) => element("button", { type: "button", onclick: act }, words);
const bar = element("progress", { class: "progress-bar", "aria-label": "Exercises that are right" });
const whole = element("p", { class: "progress-whole" });
const field = element("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": "File" });
field.addEventListener("change", () => {
  if (field.files.length) importAll(field.files[0]);
  field.value = "";
});
const sure = element("p", { class: "progress-sure", hidden: true }, "All your answers on all pages will be gone. ",
  button("Clear them", clearAll), " ", button("Keep them", () => {
    sure.hidden = true;
  }));
const keep = element("div", { class: "progress-tools", role: "group", "aria-label": "Your answers" },
  button("Export all", exportAll), button("Import", () => field.click()),
  button("Clear all", () => {
    sure.hidden = false;
  }), field);
const names = Object.entries(titles);
const take = element("div", { class: "progress-tools", role: "group", "aria-label": "Download my work as a notebook" },
  ...names.map(([name, title]) => button(title, () => downloadNotebook(name))));
root.prepend(bar, whole, element("h2", {}, "Take your work along"),
  element("p", {}, "Download an assignment's notebook with your answers in it, to go on with it or to hand it in:"), take,
  element("p", {}, "Or all answers in one file, to bring them into another browser:"), keep, sure, said);
window.addEventListener("storage", show);
show();
