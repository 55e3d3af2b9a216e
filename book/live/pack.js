// Packs Python for the reader's browser: node pack.js PYODIDE NUMPY TARGET, where PYODIDE is the folder of that package,
// NUMPY an archive of numpy built for it, and TARGET a folder. What is packed is compiled by that Python itself.
"use strict";

const fs = require("fs");
const path = require("path");

async function pack(folder, numpy, target) {
  const { loadPyodide } = require(path.join(folder, "pyodide.js"));
  const pyodide = await loadPyodide({ indexURL: folder });
  pyodide.FS.writeFile("/tmp/pack.py", fs.readFileSync(path.join(__dirname, "pack.py")));
  pyodide.FS.writeFile("/tmp/numpy.tar.gz", fs.readFileSync(numpy));
  pyodide.FS.writeFile("/tmp/library.zip", fs.readFileSync(path.join(folder, "python_stdlib.zip")));
  pyodide.runPython(`
import sys
sys.path.insert(0, "/tmp")
import pack
from pathlib import Path
numpy, library = (Path("/tmp", name).read_bytes() for name in ("numpy.tar.gz", "library.zip"))
Path("/tmp/numpy.out").write_bytes(pack.tarred(pack.all_compiled(pack.numpy_files(numpy))))
Path("/tmp/library.out").write_bytes(pack.zipped(pack.all_compiled(pack.library_files(library))))
`);
  for (const [made, name] of [["numpy.out", "numpy.pack"], ["library.out", "python_stdlib.zip"]]) {
    fs.writeFileSync(path.join(target, name), pyodide.FS.readFile(`/tmp/${made}`));
  }
}

pack(...process.argv.slice(2)).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
