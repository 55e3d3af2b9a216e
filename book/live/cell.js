// One exercise in the page: the reader's text, its buttons, and the verdict.

import { element } from "./dom.js";
import * as storage from "./storage.js";
import { outcomeText, shown } from "./verdict.js";

const KEYS = "Ctrl-Enter checks; Esc, then Tab, leaves the editor.";

export class Cell {
  // Parameters
  //   root: the element that the page has for it
  //   python: who runs it
  //   editors: returns a promise of the editor's module
  constructor(root, python, editors) {
    this.root = root;
    this.python = python;
    this.editors = editors;
    this.name = root.dataset.cell;
    [this.assignment, this.function] = this.name.split("/");
    this.seconds = Number(root.dataset.seconds);
    this.stub = root.querySelector(".exercise-stub pre").textContent.replace(/\n$/, "");
    this.kept = storage.load(this.name) ?? { text: this.stub, tried: 0, verdict: null };
    this.editor = null;
    this.build();
  }

  build() {
    const label = `Your text for ${this.function}`;
    this.field = element("textarea", {
      class: "exercise-field", "aria-label": label, autocapitalize: "off", autocomplete: "off", autocorrect: "off",
      spellcheck: "false", wrap: "off",
    });
    this.field.value = this.kept.text;
    this.field.rows = this.rows();
    this.field.addEventListener("focus", () => this.wake());
    this.field.addEventListener("input", () => this.changed(this.field.value));
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
      event.preventDefault();
      this.check();
    });
    this.place = element("div", { class: "exercise-editor" }, this.field);
    const button = (name, kind, act, attributes = {}) =>
      element("button", { type: "button", class: kind, onclick: act, ...attributes }, name);
    this.buttons = {
      check: button("Check", "exercise-check", () => this.check(), { title: "Ctrl-Enter" }),
      stop: button("Stop", "exercise-stop", () => this.python.stop(), { hidden: true }),
      hint: button("Hint", "exercise-ask", () => this.hint()),
      reset: button("Reset", "exercise-reset", () => this.reset()),
    };
    this.mark = element("span", { class: "exercise-mark", role: "img" });
    this.tools = element("div", { class: "exercise-tools" }, ...Object.values(this.buttons),
      element("span", { class: "exercise-keys" }, KEYS));
    this.status = element("div", { class: "exercise-status", role: "status" });
    this.progress = element("progress", { class: "exercise-progress", max: "1", hidden: true, "aria-label": "Loading" });
    this.root.querySelector(".exercise-stub").after(this.place, this.tools, this.progress, this.status);
    this.root.querySelector(".exercise-title").prepend(this.mark);
    this.hints = [...this.root.querySelectorAll("details.exercise-hint")];
    this.solution = this.root.querySelector(".exercise-solution");
    for (const hint of this.hints) hint.hidden = true;
    this.buttons.hint.hidden = !this.hints.length;
    this.root.classList.add("exercise-live");
    this.state("idle");
    this.remember();
  }

  rows() {
    return Math.max(4, this.kept.text.split("\n").length);
  }

  get text() {
    return this.editor ? this.editor.text : this.field.value;
  }

  state(name) {
    this.root.dataset.state = name;
    const busy = name === "loading" || name === "running";
    this.buttons.check.disabled = busy;
    this.buttons.stop.hidden = !busy;
    this.progress.hidden = name !== "loading";
    this.status.setAttribute("aria-busy", String(busy));
  }

  // Shows what is known from before: whether it is right, and whether the solution may be seen.
  remember() {
    const { verdict, changed, tried } = this.kept;
    const right = Boolean(verdict?.passed && !changed);
    this.mark.textContent = right ? "✓" : "";
    this.mark.setAttribute("aria-label", right ? "Right: " : "");
    this.mark.hidden = !right;
    if (this.solution) this.solution.hidden = !tried;
  }

  keep(news) {
    Object.assign(this.kept, news);
    const untouched = !this.kept.tried && this.kept.text === this.stub;
    if (untouched) storage.remove(this.name);
    else if (!storage.save(this.name, this.kept) && !this.warned) {
      this.warned = true;
      this.say("This browser keeps nothing, so copy your text before you leave the page.");
    }
    this.remember();
  }

  changed(text) {
    this.keep({ text, changed: true });
  }

  say(...children) {
    this.status.replaceChildren(...children.map((each) =>
      typeof each === "string" ? element("p", { class: "exercise-said" }, each) : each));
  }

  // Loads what the reader is about to need: the editor, and Python.
  wake() {
    this.python.boot();
    this.waking ??= this.editors().then(
      ({ create }) => this.put(create),
      () => {}, // the plain field stays, and does
    );
    return this.waking;
  }

  put(create) {
    const focused = document.activeElement === this.field;
    const { selectionStart: from, selectionEnd: to, value } = this.field;
    const place = element("div", { class: "exercise-code" });
    this.editor = create({
      parent: place, text: value, label: `Your text for ${this.function}`, selection: { from, to },
      changed: (text) => this.changed(text), check: () => this.check(),
    });
    this.field.replaceWith(place);
    if (focused) this.editor.focus();
  }

  // Says how far Python has come, if this cell waits for it.
  hear({ state, share, message }) {
    if (this.root.dataset.state !== "loading") return;
    if (state === "loading") this.progress.value = share;
    else if (state === "starting") this.progress.removeAttribute("value");
    else if (state === "unloadable") this.progress.hidden = true;
  }

  async check() {
    if (this.buttons.check.disabled) return;
    this.wake();
    this.editor?.mark(null);
    const text = this.text;
    this.keep({ text });
    this.state("loading");
    this.progress.hidden = this.python.ready;
    this.say(this.python.ready ? "Running…" : "Loading Python into your browser: about 11 MB, once.");
    const { made = {} } = this.kept;
    const request = { assignment: this.assignment, function: this.function, text,
      answers: storage.answers(this.assignment), made };
    const outcome = await this.python.ask("check", request, this.seconds, () => {
      this.state("running");
      this.say("Running…");
    });
    this.state("done");
    if (outcome.kind !== "result") {
      this.say(element("p", { class: "exercise-error" }, outcomeText(outcome, this.seconds)));
      if (outcome.kind !== "unloadable") this.keep({ tried: this.kept.tried + 1, verdict: null });
      return;
    }
    const { result } = outcome;
    this.say(...shown(result));
    this.editor?.mark(Number.isInteger(result.line) ? result.line : null);
    const { passed = null, mistake = null, points = 0, max_points = 0 } = result.verdict ?? {};
    const verdict = result.verdict ? { passed, mistake, points, max_points } : null;
    const again = mistake ? { ...made, [mistake]: (made[mistake] ?? 0) + 1 } : made;
    this.keep({ tried: this.kept.tried + 1, verdict, changed: this.text !== text, made: passed ? {} : again });
  }

  // Shows the next hint.
  hint() {
    const next = this.hints.find((each) => each.hidden);
    if (!next) return;
    next.hidden = false;
    next.open = true;
    next.querySelector("summary").focus();
    this.buttons.hint.disabled = !this.hints.some((each) => each.hidden);
  }

  write(text) {
    if (this.editor) this.editor.text = text;
    else {
      this.field.value = text;
      this.field.rows = this.rows();
    }
  }

  reset() {
    const before = { ...this.kept };
    this.write(this.stub);
    this.editor?.mark(null);
    this.keep({ text: this.stub, verdict: null, changed: false, made: {} });
    const back = () => {
      this.write(before.text);
      this.keep(before);
      this.say("Your text is back.");
    };
    this.say("The cell is as it was handed out.",
      element("button", { type: "button", class: "exercise-back", onclick: back }, "Bring my text back"));
  }
}
