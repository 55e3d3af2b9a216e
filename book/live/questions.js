// The questions inside the derivations, and what is folded until the reader has found it.

import { element } from "./dom.js";
import * as storage from "./storage.js";

const WITHOUT = "without-questions"; // the class of a page that is read without them; course.css does the rest

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
      const button = element("button", { type: "button", class: "question-take", onclick: () => this.take(k) });
      button.append(...choice.childNodes);
      choice.append(button);
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
    const words = line ? [...line.cloneNode(true).childNodes] : [element("p", {}, "Right.")];
    this.said.dataset.right = String(kind === "right");
    this.said.replaceChildren(...words);
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
  const box = element("input", { type: "checkbox" });
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
  document.querySelector(".bd-article h1")?.after(
    element("p", { class: "question-choice-of-page" }, element("label", {}, box, " Read without questions")));
  show();
}
