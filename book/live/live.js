// A cell of a chapter that the reader may change and run again, after the cells before it.

import { element } from "./dom.js";
import { outcomeText, shown } from "./verdict.js";

const SECONDS = 10; // the cells before it run too

export const textOf = (cell) => cell.querySelector(".cell_input pre").textContent.replace(/\n$/, "");

export class LiveCell {
  // Parameters
  //   root: the cell, as the book has it
  //   before: returns the texts of the cells before it
  //   python, editors: as for an exercise
  constructor(root, before, python, editors) {
    this.root = root;
    this.before = before;
    this.python = python;
    this.editors = editors;
    this.printed = textOf(root);
    this.editor = null;
    const button = (name, kind, act, hidden = false) =>
      element("button", { type: "button", class: kind, onclick: act, hidden }, name);
    this.buttons = {
      edit: button("Edit and run", "live-edit", () => this.open()),
      run: button("Run", "exercise-check", () => this.run(), true),
      stop: button("Stop", "exercise-stop", () => this.python.stop(), true),
      back: button("As it was", "exercise-reset", () => this.close(), true),
    };
    this.place = element("div", { class: "exercise-editor", hidden: true });
    this.progress = element("progress", { class: "exercise-progress", max: "1", hidden: true, "aria-label": "Loading" });
    this.status = element("div", { class: "exercise-status", role: "status" });
    this.box = element("div", { class: "live-cell", "data-state": "idle" }, this.place,
      element("div", { class: "exercise-tools" }, ...Object.values(this.buttons)), this.progress, this.status);
    root.querySelector(".cell_input").after(this.box);
  }

  get text() {
    return this.editor ? this.editor.text : this.printed;
  }

  state(name) {
    this.box.dataset.state = name;
    const busy = name === "loading" || name === "running";
    this.buttons.run.disabled = busy;
    this.buttons.stop.hidden = !busy;
    this.progress.hidden = name !== "loading";
  }

  async open() {
    this.python.boot();
    let create = null;
    try {
      ({ create } = await this.editors());
    } catch {
      this.status.replaceChildren(element("p", { class: "exercise-error" },
        outcomeText({ kind: "unloadable", message: "the editor did not come" }, SECONDS)));
      return;
    }
    if (this.editor) return;
    this.root.classList.add("live-open");
    this.place.hidden = false;
    this.editor = create({ parent: this.place, text: this.printed, label: "The cell's text", selection: { from: 0, to: 0 },
      changed: () => {}, check: () => this.run() });
    this.buttons.edit.hidden = true;
    this.buttons.run.hidden = this.buttons.back.hidden = false;
    this.editor.focus();
  }

  close() {
    this.root.classList.remove("live-open", "live-ran");
    this.place.replaceChildren();
    this.place.hidden = true;
    this.editor = null;
    this.status.replaceChildren();
    this.buttons.edit.hidden = false;
    this.buttons.run.hidden = this.buttons.back.hidden = true;
    this.buttons.edit.focus();
  }

  hear({ state, share }) {
    if (this.box.dataset.state !== "loading") return;
    if (state === "loading") this.progress.value = share;
    else if (state === "starting") this.progress.removeAttribute("value");
  }

  async run() {
    const { editor } = this;
    if (!editor || this.buttons.run.disabled) return;
    editor.mark(null);
    this.state("loading");
    this.progress.hidden = this.python.ready;
    const request = { text: editor.text, before: this.before() };
    const outcome = await this.python.ask("run", request, SECONDS, () => this.state("running"));
    this.state("done");
    if (this.editor !== editor) return; // put back meanwhile
    this.root.classList.add("live-ran");
    if (outcome.kind !== "result") {
      this.status.replaceChildren(element("p", { class: "exercise-error" }, outcomeText(outcome, SECONDS)));
      return;
    }
    const { result } = outcome;
    const found = shown(result);
    this.status.replaceChildren(...(found.length ? found : [element("p", { class: "exercise-said" }, "Nothing printed.")]));
    editor.mark(Number.isInteger(result.line) ? result.line : null);
  }
}
