// Lays out what is far from the window (course.css passes it over at first), and lets the keyboard reach what scrolls
// sideways in its own box: wide formulas, tables and lines of code. A page of twenty thousand elements takes longer for
// this than to be shown. So it is done fifty elements at a time, whenever the browser has nothing else to do. Before all
// that it leads on who comes by the old address of a section that has moved (moved.py), and unfolds what an address
// leads to.
"use strict";

(() => {
  const leadOn = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const link = target?.querySelector(":scope.moved > a");
    if (link) location.replace(link.href);
    const folds = [];
    for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) folds.push(fold);
    if (folds.every((fold) => fold.open)) return;
    folds.forEach((fold) => { fold.open = true; });
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", leadOn);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", leadOn);
  else leadOn();
})();

(() => {
  const BOXES = ":is(pre, .pst-scrollable-table-container, .katex-display)";
  const AT_ONCE = 50; // elements that are laid out together
  const LONGEST = 2; // milliseconds before the reader's turn comes again

  const measure = (boxes) => {
    const wide = boxes.map((box) => box.scrollWidth > box.clientWidth); // first read all, then write: one layout
    boxes.forEach((box, k) => {
      if (wide[k] === box.hasAttribute("tabindex")) return;
      if (wide[k]) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  };
  const near = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) near.add(target);
      else near.delete(target);
    }
    measure(entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target));
  }, { rootMargin: "200px" });
  window.addEventListener("resize", () => measure([...near]));
  document.addEventListener("toggle", (event) => measure([...event.target.querySelectorAll(BOXES)]), true);

  // The boxes of an element; those that are folded away are measured when they are unfolded.
  const boxesOf = (element) => [...(element.matches(BOXES) ? [element] : []), ...element.querySelectorAll(BOXES)]
    .filter((box) => !box.closest("details:not([open])"));
  // What stands in a section: its paragraphs, formulas, cells, and those of the sections in it.
  const blocksOf = (section) =>
    [...section.children].flatMap((child) => (child.localName === "section" ? blocksOf(child) : [child]));
  const isShown = (section) => section.firstElementChild?.checkVisibility?.({ contentVisibilityAuto: true }) !== false;

  // Lays out and measures a portion of an element at each call of next().
  function* portionsOf(part) {
    const blocks = part.localName === "section" && !isShown(part) ? blocksOf(part) : [part];
    blocks.forEach((block) => block.classList.add("later"));
    while (blocks.length) {
      const portion = [];
      for (let count = 0; blocks.length && count < AT_ONCE; count += portion.at(-1).getElementsByTagName("*").length) {
        portion.push(blocks.shift());
      }
      portion.forEach((block) => block.classList.remove("later"));
      measure(portion.flatMap(boxesOf));
      portion.at(-1).getBoundingClientRect(); // lays it out, if it has no box
      yield;
    }
  }

  // Gives all that is laid out its place: together, since each time the browser looks through the whole page. What is
  // read stays where it is.
  const place = (parts) => {
    const read = parts.find((part) => part.getBoundingClientRect().bottom > 0);
    const top = read?.getBoundingClientRect().top;
    const { style } = document.documentElement;
    style.overflowAnchor = "none"; // some browsers would move the page too
    parts.forEach((part) => part.classList.add("laid-out"));
    const moved = read ? read.getBoundingClientRect().top - top : 0;
    if (moved) window.scrollBy({ top: moved, behavior: "instant" });
    requestAnimationFrame(() => requestAnimationFrame(() => { style.overflowAnchor = ""; }));
  };

  // How high the sections are is kept, so that the reader's place is there again when the page is loaded again.
  const key = `heights:${location.pathname}:${window.innerWidth}`;
  const keepHeights = (sections) => {
    try {
      sessionStorage.setItem(key, JSON.stringify(sections.map((section) => section.offsetHeight)));
    } catch {} // a browser may keep nothing
  };
  const useHeights = (sections) => {
    let heights = null;
    try {
      heights = JSON.parse(sessionStorage.getItem(key));
    } catch {}
    if (heights?.length !== sections.length) return;
    sections.forEach((section, k) => { section.style.containIntrinsicHeight = `auto ${heights[k]}px`; });
  };

  const layOut = function* () {
    const parts = [...document.querySelectorAll(".bd-article > section > *")];
    const sections = parts.filter((part) => part.localName === "section");
    useHeights(sections);
    yield;
    for (const part of parts) yield* portionsOf(part);
    place(parts);
    window.addEventListener("pagehide", () => keepHeights(sections)); // with what was set up, unfolded and written
    document.documentElement.dataset.measured = "";
  };

  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));
  const start = () => {
    document.querySelectorAll(`article ${BOXES}`).forEach((box) => watch.observe(box));
    const steps = layOut();
    steps.next();
    const work = () => {
      const end = performance.now() + LONGEST;
      let { done } = steps.next();
      while (!done && performance.now() < end) ({ done } = steps.next());
      if (!done) idle(work);
    };
    if (document.readyState === "complete") idle(work);
    else window.addEventListener("load", () => idle(work));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
