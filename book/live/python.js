// The page's side of Python: starts the worker when it is first needed, asks it one thing at a time, and ends it when it
// takes too long. After that the next request starts another one.

const PATIENCE = 90; // seconds in which some more of Python must have come

export class Python {
  // Parameters
  //   files: where everything is, by name: {url, size}
  //   tell: called with what happens while Python loads: {state: "loading", share} | {state: "starting"} |
  //     {state: "ready"} | {state: "unloadable", message}
  constructor(files, tell) {
    this.files = files;
    this.tell = tell;
    this.worker = null;
    this.ready = false;
    this.waiting = [];
    this.now = null;
    this.count = 0;
    this.patience = null;
  }

  // Starts Python, if it is not started.
  boot() {
    if (this.worker) return;
    this.ready = false;
    // A worker from a file has no policy but what its server sends; one that is made here has the page's, by which
    // nothing that runs in it can speak to another host (see SECURITY.md).
    const script = new Blob([`importScripts(${JSON.stringify(this.files.worker.url)});`], { type: "text/javascript" });
    const address = URL.createObjectURL(script);
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => this.worker === worker && this.hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.worker === worker) this.hear({ type: "unloadable", message: event.message || "its script did not load" });
    };
    this.worker = worker;
    const { editor, worker: _, ...files } = this.files;
    this.hear({ type: "asked" });
    worker.postMessage({ type: "boot", files });
    worker.addEventListener("message", () => URL.revokeObjectURL(address), { once: true });
  }

  // Asks Python something, after all that was asked before.
  //
  // Parameters
  //   type, request: as session.py has them
  //   seconds: how long it may run, not counting what Python needs to load
  //   started: called when it runs
  //
  // Returns {kind: "result", result} | {kind: "stopped", by: "time" | "reader"} | {kind: "ended" | "unloadable", message}.
  ask(type, request, seconds, started = () => {}) {
    return new Promise((done) => {
      this.waiting.push({ id: ++this.count, type, request, seconds, started, done });
      this.boot();
      this.next();
    });
  }

  // Ends what runs or waits, by the reader's wish.
  stop() {
    this.end({ kind: "stopped", by: "reader" });
  }

  next() {
    if (!this.ready || this.now || !this.waiting.length) return;
    this.now = this.waiting.shift();
    const { id, type, request } = this.now;
    this.worker.postMessage({ id, type, request });
  }

  hear(message) {
    clearTimeout(this.patience);
    if (!this.ready && message.type !== "ready") {
      this.patience = setTimeout(() => this.hear({ type: "unloadable", message: "nothing more came" }), 1000 * PATIENCE);
    }
    if (message.type === "loading") this.tell({ state: "loading", share: Number(message.share) });
    else if (message.type === "starting") this.tell({ state: "starting" });
    else if (message.type === "ready") {
      this.ready = true;
      this.tell({ state: "ready" });
      this.next();
    } else if (message.type === "unloadable") {
      const said = String(message.message);
      this.tell({ state: "unloadable", message: said });
      this.end({ kind: "unloadable", message: said }, this.waiting.splice(0));
    } else if (this.now && message.id === this.now.id) this.hearOfRequest(message);
  }

  hearOfRequest(message) {
    const now = this.now;
    if (message.type === "started") {
      now.timer = setTimeout(() => this.end({ kind: "stopped", by: "time" }), 1000 * now.seconds);
      now.started();
    } else if (message.type === "ended") this.end({ kind: "ended", message: String(message.message) });
    else if (message.type === "result") {
      clearTimeout(now.timer);
      this.now = null;
      now.done({ kind: "result", result: message.result });
      this.next();
    }
  }

  // Ends the worker, and with it what runs; what waits goes to the next one.
  end(outcome, others = []) {
    clearTimeout(this.patience);
    const now = this.now ?? (outcome.by === "reader" ? this.waiting.shift() : null);
    this.worker?.terminate();
    this.worker = this.now = null;
    this.ready = false;
    for (const each of [now, ...others]) {
      if (!each) continue;
      clearTimeout(each.timer);
      each.done(outcome);
    }
    if (outcome.kind !== "unloadable") this.boot();
  }
}
