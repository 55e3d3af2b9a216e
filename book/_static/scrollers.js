// Lets the keyboard reach what scrolls sideways in its own box: wide formulas, tables and lines of code. Each is
// measured when it comes near the window, since to measure all of them at once takes longer than to show the page.
"use strict";

(() => {
  const measure = (box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const near = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        near.add(target);
        measure(target);
      } else near.delete(target);
    }
  }, { rootMargin: "200px" });
  const start = () => {
    const boxes = "pre, .pst-scrollable-table-container, .katex-display";
    document.querySelectorAll(`article :is(${boxes})`).forEach((box) => watch.observe(box));
  };
  window.addEventListener("resize", () => near.forEach(measure));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
