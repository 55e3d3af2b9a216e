// What two hidden units do to the plane: sliders for their weights and biases, and one for the three steps of the layer.
// The picture in warp.html is what this script draws first, so the page shows it without JavaScript too.
"use strict";

(() => {
  const root = document.getElementById("warp");
  if (!root) return;

  const part = (name) => document.getElementById(`warp-${name}`);
  const SIZE = 300; // of a panel, in the units of its viewBox
  const REACH = 3.3; // how far the input plane is drawn
  const STEPS = ["the linear map", "the translation", "the activation"];
  const NAMES = ["w11", "w12", "b1", "w21", "w22", "b2"];
  const STARTS = { clouds: [0.9, 0.5, -1.3, -0.5, -0.9, -1.3], ring: [1.5, 0, -1.5, 0, 1.5, -1.5] };

  // Points [x1, x2, y] on sunflower spirals: evenly spread, and the same on every machine.
  const turn = Math.PI * (3 - Math.sqrt(5));
  const sunflower = (count, inner, outer, kind, x, y) =>
    Array.from({ length: count }, (_, k) => {
      const radius = Math.sqrt(inner ** 2 + ((outer ** 2 - inner ** 2) * (k + 0.5)) / count);
      return [x + radius * Math.cos(k * turn), y + radius * Math.sin(k * turn), kind];
    });
  const corners = [[1.5, 1.5, 0], [-1.5, -1.5, 0], [1.5, -1.5, 1], [-1.5, 1.5, 1]];
  const DATA = {
    clouds: corners.flatMap(([x, y, kind]) => sunflower(20, 0, 0.7, kind, x, y)),
    ring: [...sunflower(40, 0, 1, 0, 0, 0), ...sunflower(80, 2, 3, 1, 0, 0)],
  };

  const mix = (from, to, share) => from + (to - from) * share;
  const weighted = (p, w) => [w[0] * p[0] + w[1] * p[1] + w[2], w[3] * p[0] + w[4] * p[1] + w[5]];
  const hidden = (p, w) => weighted(p, w).map(Math.tanh);

  // Where a point stands after `steps` of the three steps of the layer; between whole numbers it is on its way.
  function moved(p, w, steps) {
    const linear = weighted(p, [w[0], w[1], 0, w[3], w[4], 0]);
    if (steps <= 1) return [mix(p[0], linear[0], steps), mix(p[1], linear[1], steps)];
    const z = weighted(p, w);
    if (steps <= 2) return z.map((value, i) => mix(linear[i], value, steps - 1));
    return z.map((value) => mix(value, Math.tanh(value), steps - 2));
  }

  // The output unit: a neuron trained on the hidden points by Newton's method, held back a little so that it stays finite.
  function fitted(points, w) {
    const rows = points.map((p) => [...hidden(p, w), 1]);
    let v = [0, 0, 0];
    for (let round = 0; round < 25; round++) {
      const gradient = v.map((value) => 1e-3 * value);
      const bend = [0, 1, 2].map((i) => [0, 1, 2].map((k) => (i === k ? 1e-3 : 0)));
      rows.forEach((row, j) => {
        const a = 1 / (1 + Math.exp(-(v[0] * row[0] + v[1] * row[1] + v[2])));
        for (let i = 0; i < 3; i++) {
          gradient[i] += (a - points[j][2]) * row[i];
          for (let k = 0; k < 3; k++) bend[i][k] += a * (1 - a) * row[i] * row[k];
        }
      });
      const step = solved(bend, gradient);
      const length = Math.max(1, Math.hypot(...step) / 4);
      v = v.map((value, i) => value - step[i] / length);
    }
    return v;
  }

  // Cramer's rule for three equations.
  function solved(matrix, right) {
    const det = (m) =>
      m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
      m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
      m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
    const whole = det(matrix);
    return [0, 1, 2].map((c) => det(matrix.map((row, r) => row.map((x, k) => (k === c ? right[r] : x)))) / whole);
  }

  // Paths. A panel shows the square from -reach to reach; the second axis points up.
  const place = (reach) => (p) =>
    [(p[0] / reach + 1) * (SIZE / 2), (1 - p[1] / reach) * (SIZE / 2)].map((x) => x.toFixed(1)).join(" ");
  const dots = (points, at) => points.map((p) => `M${at(p)}h0`).join("");
  const triangles = (points, at) => points.map((p) => `M${at(p)}m0-4l3.6 6.4h-7.2z`).join("");

  // Where a function of the plane changes its sign, by straight pieces through the cells of a grid.
  function border(f, at, reach, cells) {
    const tick = (k) => -reach + (2 * reach * k) / cells;
    const value = [];
    for (let r = 0; r <= cells; r++) value.push(Array.from({ length: cells + 1 }, (_, c) => f([tick(c), tick(r)])));
    let path = "";
    for (let r = 0; r < cells; r++) {
      for (let c = 0; c < cells; c++) {
        const ring = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]];
        const cuts = [];
        ring.forEach(([c0, r0], k) => {
          const [c1, r1] = ring[(k + 1) % 4];
          const here = value[r0][c0];
          const there = value[r1][c1];
          if (here > 0 === there > 0) return;
          const share = here / (here - there);
          cuts.push([mix(tick(c0), tick(c1), share), mix(tick(r0), tick(r1), share)]);
        });
        for (let k = 0; k + 1 < cuts.length; k += 2) path += `M${at(cuts[k])}L${at(cuts[k + 1])}`;
      }
    }
    return path;
  }

  const straight = (a, b, c, at, reach) => border((p) => a * p[0] + b * p[1] + c, at, reach, 1);

  function draw() {
    const w = NAMES.map((name) => Number(part(name).value));
    const steps = Number(part("steps").value);
    const kind = root.querySelector("input[type=radio]:checked").value;
    const points = DATA[kind];
    const v = fitted(points, w);
    const score = (p) => {
      const a = hidden(p, w);
      return v[0] * a[0] + v[1] * a[1] + v[2];
    };

    const lines = [];
    for (let k = -4; k <= 4; k++) {
      const t = (k * 3.2) / 4;
      const along = Array.from({ length: 65 }, (_, n) => (n - 32) / 10);
      lines.push(along.map((s) => [t, s]), along.map((s) => [s, t]));
    }
    const image = lines.map((line) => line.map((p) => moved(p, w, steps)));
    // From here to there without a jump: a panel that is as wide as what it shows.
    const reach = Math.max(1.15, ...image.flat(2).map((x) => 1.05 * Math.abs(x)));
    const left = place(REACH);
    const right = place(reach);
    const join = (line, at) => line.map((p, k) => (k ? "L" : "M") + at(p)).join("");
    const of = (y) => points.filter((p) => p[2] === y);
    const target = (y) => of(y).map((p) => moved(p, w, steps));

    const paths = {
      "in-grid": lines.map((line) => join([line[0], line[line.length - 1]], left)).join(""),
      "in-0": dots(of(0), left),
      "in-1": triangles(of(1), left),
      "in-unit-1": straight(w[0], w[1], w[2], left, REACH),
      "in-unit-2": straight(w[3], w[4], w[5], left, REACH),
      "in-border": border(score, left, REACH, 66),
      "out-square": join([[-1, -1], [1, -1], [1, 1], [-1, 1]], right) + "Z",
      "out-grid": image.map((line) => join(line, right)).join(""),
      "out-0": dots(target(0), right),
      "out-1": triangles(target(1), right),
      "out-line": steps === 3 ? straight(v[0], v[1], v[2], right, reach) : "",
    };
    for (const [name, path] of Object.entries(paths)) part(name).setAttribute("d", path);

    const correct = points.filter((p) => score(p) > 0 === (p[2] === 1)).length;
    NAMES.forEach((name, k) => (part(`${name}-value`).textContent = w[k].toFixed(1).replace("-", "\u2212")));
    const on = STEPS[Math.ceil(steps) - 1];
    const says = !steps
      ? "the input again, before the steps"
      : `${steps % 1 ? "on the way to" : "after"} ${on}${steps === 3 ? ": the hidden plane" : ""}`;
    part("steps-says").textContent = says;
    part("steps").setAttribute("aria-valuetext", says);
    part("result").textContent = `A line in the hidden plane gets ${correct} of ${points.length} points right.`;
  }

  function start(kind) {
    STARTS[kind].forEach((value, k) => (part(NAMES[k]).value = value));
    draw();
  }

  part("controls").hidden = false;
  root.querySelectorAll("input[type=range]").forEach((input) => input.addEventListener("input", draw));
  root.querySelectorAll("input[type=radio]").forEach((input) =>
    input.addEventListener("change", () => start(input.value)));
  part("again").addEventListener("click", () => start(root.querySelector("input[type=radio]:checked").value));
  // Some browsers bring back what a form held before the page was loaded anew; then the picture must follow.
  draw();
})();
