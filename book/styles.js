// Joins style sheets and leaves out what no page can use: node styles.js SITE SHEET..., prints the one style sheet.
// A word in a tag of a page, or anywhere in a script, may be a class, an id or an attribute.
"use strict";

const path = require("path");
const esbuild = require("esbuild");
const { PurgeCSS } = require("purgecss");

const words = (text) => text.match(/[\w-]+/g) ?? [];
const wordsInTags = (text) => (text.match(/<[^>]+>/g) ?? []).flatMap(words);

async function join(site, sheets) {
  const folder = path.join(site, "_static");
  const addresses = Object.fromEntries([".woff2", ".woff", ".ttf", ".svg", ".png"].map((kind) => [kind, "file"]));
  const built = await esbuild.build({
    stdin: {
      contents: sheets.map((sheet) => `@import "./${path.relative(folder, path.join(site, sheet))}";`).join("\n"),
      resolveDir: folder,
      loader: "css",
    },
    bundle: true,
    write: false, // fonts and pictures are where they should be
    loader: addresses,
    assetNames: "[dir]/[name]",
    outdir: folder,
    outbase: folder,
    charset: "utf8",
    logLevel: "error",
  });
  return built.outputFiles.find((file) => file.path.endsWith(".css")).text;
}

async function bundle(site, ...sheets) {
  const places = ["*.html", "_static/**/*.js", "interactive/*.js", "live/p*.js"];
  const [{ css }] = await new PurgeCSS().purge({
    content: places.map((place) => path.posix.join(site, place)),
    css: [{ raw: await join(site, sheets) }],
    extractors: [
      { extractor: wordsInTags, extensions: ["html"] },
      { extractor: words, extensions: ["js"] },
    ],
    keyframes: true,
    variables: true,
    // A selector like `:focus-visible` means every element; pages and scripts use these variables themselves.
    safelist: { standard: [/^:/], variables: [/^--course-/, "--bs-position"] },
  });
  const small = await esbuild.transform(css, { loader: "css", minify: true, charset: "utf8" });
  process.stdout.write(small.code);
}

bundle(...process.argv.slice(2)).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
