// Lets the keyboard reach what scrolls sideways in its own box: wide formulas, tables and lines of code. To measure all
// of them at once takes longer than to show the page. So each is measured when it comes near the window or is unfolded,
// and a few at a time whenever the browser has nothing else to do.
"use strict";

(() => {
  const BOXES = ":is(pre, .pst-scrollable-table-container, .katex-display)";
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
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));
  const start = () => {
    const boxes = [...document.querySelectorAll(`article ${BOXES}`)];
    boxes.forEach((box) => watch.observe(box));
    const work = () => {
      measure(boxes.splice(0, 8));
      if (boxes.length) idle(work);
      else document.documentElement.dataset.measured = "";
    };
    if (document.readyState === "complete") idle(work);
    else window.addEventListener("load", () => idle(work));
  };
  window.addEventListener("resize", () => measure([...near]));
  document.addEventListener("toggle", (event) => measure([...event.target.querySelectorAll(BOXES)]), true);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
