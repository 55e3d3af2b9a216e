// Python, in a thread of its own: boots when it is told to, then answers one request after the other. It knows nothing
// of the page, and the page believes nothing that it says but words.
"use strict";

const MEMORY = 512 * 2 ** 20; // bytes that Python may take; it asks for 2 GiB
const NETWORK = ["fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "WebTransport", "EventSource", "importScripts",
  "Worker", "SharedWorker", "BroadcastChannel", "indexedDB", "caches", "Request"];

const tell = (message) => self.postMessage(message);
const unloadable = (error) => tell({ type: "unloadable", message: String((error && error.message) || error) });
let answer = null;

// Python's memory is made by its own script, which would let it grow to 2 GiB.
const Memory = WebAssembly.Memory;
WebAssembly.Memory = function bounded(asked) {
  return new Memory({ ...asked, maximum: Math.min(asked.maximum, MEMORY / 2 ** 16) });
};

// Says how much of all the files has come; the sizes are known from the build, since servers compress.
function counted(files) {
  const whole = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  const sizes = new Map(Object.values(files).map(({ url, size }) => [url, size]));
  const fetched = self.fetch.bind(self);
  let come = 0;
  const count = (bytes) => {
    come += bytes;
    tell({ type: "loading", share: Math.min(1, come / whole) });
  };
  self.fetch = async (address, options) => {
    const url = address instanceof Request ? address.url : String(address);
    let response = null;
    try {
      response = await fetched(address, options);
      if (!response.ok) throw new Error(`${url} is not there (${response.status})`);
    } catch (error) {
      unloadable(error); // Python itself would wait for ever
      throw error;
    }
    if (!sizes.has(url) || !response.body) return response;
    const counter = new TransformStream({
      transform(chunk, to) {
        count(chunk.byteLength);
        to.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(counter), { status: 200, headers: response.headers });
  };
  return count;
}

// What Python could reach other machines by is taken away from it, and from what it is asked to run.
function cutOff() {
  for (let place = self; place; place = Object.getPrototypeOf(place)) {
    for (const name of NETWORK) delete place[name];
  }
}

// Returns the files of a compressed tar archive: [[name, bytes], ...]. All of ours have short names and plain headers.
async function untarred(response) {
  const stream = response.body.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = (from, length) => new TextDecoder().decode(bytes.subarray(from, from + length)).replace(/\0.*$/s, "");
  const files = [];
  for (let at = 0; at < bytes.length && bytes[at]; ) {
    const size = parseInt(text(at + 124, 12), 8);
    const folder = text(at + 345, 155);
    files.push([folder ? `${folder}/${text(at, 100)}` : text(at, 100), bytes.slice(at + 512, at + 512 + size)]);
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}

function install(pyodide, files) {
  for (const [name, bytes] of files) {
    const path = `/lib/python3.11/site-packages/${name}`;
    pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    pyodide.FS.writeFile(path, bytes, { canOwn: true });
  }
}

async function boot(files) {
  const started = performance.now();
  const count = counted(files);
  const { numpy, course, exercises } = files;
  const others = Promise.all([self.fetch(numpy.url).then(untarred), self.fetch(course.url).then(untarred),
    self.fetch(exercises.url).then((response) => response.text())]);
  others.catch(() => {}); // it is awaited below
  importScripts(files.loader.url);
  const pyodide = await loadPyodide({
    indexURL: new URL(".", files.loader.url).href,
    jsglobals: { Object, Array, Promise, Error, setTimeout, clearTimeout },
    stdin: () => undefined,
    stdout: () => {},
    stderr: () => {},
  });
  const [numpyFiles, courseFiles, exerciseText] = await others;
  count(files.script.size + files.loader.size);
  tell({ type: "starting" });
  install(pyodide, [...numpyFiles, ...courseFiles]);
  cutOff();
  const session = pyodide.pyimport("session");
  session.load_text(exerciseText);
  answer = session.main;
  tell({ type: "ready", seconds: (performance.now() - started) / 1000 });
}

self.onmessage = async ({ data }) => {
  if (data.type === "boot") {
    try {
      await boot(data.files);
    } catch (error) {
      unloadable(error);
    }
    return;
  }
  tell({ type: "started", id: data.id });
  try {
    tell({ type: "result", id: data.id, result: JSON.parse(answer(data.type, JSON.stringify(data.request))) });
  } catch (error) {
    // Not Python's error but its end: out of memory, or of the browser's own stack.
    tell({ type: "ended", id: data.id, message: String((error && error.message) || error) });
  }
};
