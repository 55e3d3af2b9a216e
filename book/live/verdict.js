// Shows what Python has said of a cell. All of it is untrusted: it goes in as text, and a link leads to a page of the book.

import { element } from "./dom.js";

const PAGE = /^[\w-]+\.html#[\w-]+$/;
const link = (page, words) => (PAGE.test(page) ? element("a", { href: page }, words) : words);

const text = (value) => (typeof value === "string" ? value : "");
const texts = (value) => (Array.isArray(value) ? value.filter((each) => typeof each === "string") : []);

// Returns a sentence as a paragraph, with what stands between backticks as code.
function paragraph(said) {
  const parts = said.split(/`([^`]+)`/);
  return element("p", {}, ...parts.map((part, k) => (k % 2 ? element("code", {}, part) : part)));
}

function sentence(names, one, several) {
  const all = texts(names);
  if (!all.length) return null;
  const listed = all.length === 1 ? all[0] : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
  return element("p", { class: "exercise-note" }, `${listed} ${all.length === 1 ? one : several}`);
}

function shownError(error) {
  if (!error) return null;
  const where = Number.isInteger(error.line) ? ` in line ${error.line}` : "";
  const said = text(error.text);
  return element("p", { class: "exercise-error" }, `${text(error.kind)}${where}${said ? `: ${said}` : ""}`);
}

const SVG = "http://www.w3.org/2000/svg";
const ELEMENTS = new Set(["svg", "g", "rect", "text", "title", "line", "path", "tspan"]);
const NUMBER = /^-?\d{1,6}(\.\d{1,6})?$/;
const COLOUR = /^(#[0-9a-f]{6}|none|currentColor)$/;
const ATTRIBUTES = new Map(Object.entries({
  ...Object.fromEntries(["x", "y", "x1", "y1", "x2", "y2", "width", "height", "fill-opacity", "stroke-opacity",
    "stroke-width", "font-size", "font-weight"].map((name) => [name, NUMBER])),
  d: /^[MLHVZmlhvz\d\s.,-]{1,1000}$/, viewBox: /^[\d\s.-]{1,60}$/, fill: COLOUR, stroke: COLOUR, role: /^img$/,
  class: /^verdict-picture$/, "text-anchor": /^(start|middle|end)$/, "aria-label": /^/,
}));
const DEEPEST = 5;
const LONGEST = 200000; // characters

// Returns a copy of a drawing in which nothing is left but shapes and texts, or null: what Python says is not believed.
function drawing(markup) {
  const copied = (node, depth) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.namespaceURI !== SVG || !ELEMENTS.has(node.localName) || depth > DEEPEST) return null;
    const made = document.createElementNS(SVG, node.localName);
    for (const { name, value } of node.attributes) if (ATTRIBUTES.get(name)?.test(value)) made.setAttribute(name, value);
    made.append(...[...node.childNodes].map((each) => copied(each, depth + 1)).filter((each) => each !== null));
    return made;
  };
  const given = text(markup);
  if (!given || given.length > LONGEST || given.includes("<!")) return null; // no entities, which may grow
  const root = new DOMParser().parseFromString(given, "image/svg+xml").documentElement;
  return root.localName === "svg" ? copied(root, 0) : null;
}

function shownVerdict(verdict) {
  if (!verdict) return null;
  const box = element("div", { class: "exercise-verdict", "data-passed": String(verdict.passed) },
    element("p", { class: "exercise-heading" }, `${text(verdict.sign)} ${text(verdict.heading)}`),
    ...texts(verdict.paragraphs).map(paragraph));
  const picture = drawing(verdict.picture);
  if (picture) box.append(element("div", { class: "exercise-picture" }, picture));
  if (typeof verdict.mistake === "string") box.dataset.mistake = verdict.mistake;
  const { read, known } = verdict;
  if (read || known) {
    const more = known ? link(text(known), "more about this mistake") : "";
    box.append(element("p", {}, "Read ", read ? link(text(read.page), text(read.title)) : "", read && known ? ", or " : "",
      more, "."));
  }
  return box;
}

// Returns the elements that show a result of session.py: what was printed, the error, the verdict, and the notes.
export function shown(result) {
  const output = text(result.output);
  return [
    output ? element("pre", { class: "exercise-output", tabindex: "0", "aria-label": "Output" }, output) : null,
    shownError(result.error),
    shownVerdict(result.verdict),
    sentence(result.broken, "does not run as you left it: the book's stands in for it.",
      "do not run as you left them: the book's stand in for them."),
    sentence(result.unwritten, "is the book's here, until you have written your own.",
      "are the book's here, until you have written your own."),
  ].filter((each) => each !== null);
}

// Says how a request ended that has no result.
export function outcomeText({ kind, by, message }, seconds) {
  if (kind === "stopped" && by === "time") {
    return `Stopped after ${seconds} seconds. Is there a loop that never ends? Your text is as it was.`;
  }
  if (kind === "stopped") return "Stopped. Your text is as it was.";
  if (kind === "ended") {
    return "Python could not go on: it has run out of memory, or a function calls itself without end. It starts anew.";
  }
  if (location.protocol === "file:") {
    return "A page that is opened as a file cannot start Python. Read the book on the web, or serve it: make serve.";
  }
  return `Python could not be loaded (${message}). See whether you are connected, then press Check again.`;
}
