// The questions inside the derivations, and what is folded until the reader has found it.

import { element } from "./dom.js";
import * as storage from "./storage.js";

const WITHOUT = "without-questions"; // the class of a page that is read without them; course.css does the rest

// Gives a choice that is nothing but formulas a name in words: not every reader of names looks into MathML.
function name(choice) {
  const said = choice.cloneNode(true);
  for (const formula of said.querySelectorAll(".katex")) formula.remove();
  if (/\w/.test(said.textContent)) return;
  const formulas = [...choice.querySelectorAll(".katex")];
  const words = formulas.map((each) => each.querySelector("semantics > :first-child")?.textContent ?? "").join(" ");
  for (const each of formulas) each.setAttribute("aria-hidden", "true");
  choice.append(element("span", { class: "question-words" }, words));
}

// One question: each choice a button; a tap says at once what is right of it, and unfolds the answer.
class Question {
  constructor(root) {
    this.root = root;
    this.key = `${location.pathname.split("/").at(-1)}#${root.id}`;
    this.answer = root.querySelector(".question-answer");
    this.lines = [...this.answer.querySelectorAll(".question-lines > .question-line")];
    this.said = element("div", { class: "question-said", role: "status" });
    root.querySelector(".question-choices").after(this.said);
    this.choices = [...root.querySelectorAll(".question-choice")];
    this.choices.forEach((choice, k) => {
      const button = choice.firstElementChild;
      name(button);
      button.addEventListener("click", () => this.take(k));
    });
    const before = storage.chosen(this.key);
    if (Number.isInteger(before) && before < this.choices.length) this.take(before, false);
  }

  take(k, fresh = true) {
    const kind = this.choices[k].dataset.kind;
    this.choices.forEach((choice, other) => {
      const right = choice.dataset.kind === "right";
      choice.dataset.state = right ? "right" : other === k ? "wrong" : "";
      const button = choice.firstElementChild;
      button.setAttribute("aria-pressed", String(other === k));
    });
    const line = this.lines[this.choices.filter((choice) => choice.dataset.kind !== "right").indexOf(this.choices[k])];
    const said = line ? [...line.cloneNode(true).childNodes] : [element("p", {}, "Right.")];
    this.said.dataset.right = String(kind === "right");
    this.said.replaceChildren(...said);
    this.answer.open = true;
    this.root.dataset.answered = "";
    if (fresh) storage.choose(this.key, k);
  }
}

// What follows an exercise opens when its answer is right.
export function unfold(cell) {
  for (const fold of document.querySelectorAll(`details[data-answers="${CSS.escape(cell)}"]`)) fold.open = true;
}

export function setUpQuestions() {
  const asked = [...document.querySelectorAll(".asked-here")];
  const folds = [...document.querySelectorAll(".exercise-answer")];
  if (!asked.length && !folds.length) return;
  for (const root of asked) new Question(root);
  const box = document.querySelector(".question-choice-of-page input");
  box.checked = storage.withoutQuestions();
  const show = () => {
    document.documentElement.classList.toggle(WITHOUT, box.checked);
    for (const fold of [...folds, ...asked.map((root) => root.querySelector(".question-answer"))]) {
      if (box.checked) fold.open = true;
    }
  };
  box.addEventListener("change", () => {
    storage.setWithoutQuestions(box.checked);
    if (!box.checked) for (const root of asked) root.querySelector(".question-answer").open = "answered" in root.dataset;
    show();
  });
  show();
}
