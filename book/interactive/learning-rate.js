// Gradient descent with momentum in a valley: move the learning rate and the momentum, see thirty steps.
(function () {
  "use strict";

  var root = document.getElementById("rate");
  if (!root) return;

  var CURVATURE = [1, 25]; // J = (1 * t1^2 + 25 * t2^2) / 2
  var START = [-2.6, 0.7];
  var STEPS = 30;
  var UNIT = 62; // pixels for a step of 1

  function part(name) { return document.getElementById("rate-" + name); }
  function cost(t) { return (CURVATURE[0] * t[0] * t[0] + CURVATURE[1] * t[1] * t[1]) / 2; }

  function steps(alpha, beta) {
    var theta = START.slice(), v = [0, 0], points = [START.slice()];
    for (var k = 0; k < STEPS; k++) {
      for (var i = 0; i < 2; i++) {
        v[i] = beta * v[i] + (1 - beta) * CURVATURE[i] * theta[i];
        theta[i] -= alpha * v[i];
      }
      points.push(theta.slice());
    }
    return points;
  }

  // A point in pixels; what runs away is kept at a distance that SVG can draw, outside the frame.
  function place(t) {
    function held(x) { return Math.max(-2000, Math.min(2000, x)).toFixed(1); }
    return held(200 + UNIT * t[0]) + " " + held(92 - UNIT * t[1]);
  }

  function number(x) {
    if (x >= 1e4) return "more than 10000";
    return x < 0.01 ? "less than 0.01" : x.toFixed(2);
  }

  function draw() {
    var alpha = Number(part("alpha").value), beta = Number(part("beta").value);
    var points = steps(alpha, beta);
    part("path").setAttribute("d", "M" + points.map(place).join("L"));
    part("dots").setAttribute("d", points.map(function (t) { return "M" + place(t) + "h0"; }).join(""));
    part("alpha-value").textContent = alpha.toFixed(3);
    part("beta-value").textContent = beta.toFixed(2);
    var limit = 2 * (1 + beta) / ((1 - beta) * CURVATURE[1]);
    var gap = alpha - limit;
    var says = Math.abs(gap) < 1e-9
      ? " is just that: the steps go to and fro for ever."
      : gap < 0
        ? " is below it: the steps lead into the valley."
        : " is above it: the steps run away.";
    part("says").textContent = "The limit for this \u03b2 is " + limit.toFixed(3) + ", and \u03b1 = " + alpha.toFixed(3)
      + says + " Cost " + number(cost(START)) + " at the start, " + number(cost(points[STEPS])) + " after " + STEPS
      + " steps.";
  }

  ["alpha", "beta"].forEach(function (name) { part(name).addEventListener("input", draw); });
  part("reset").addEventListener("click", function () {
    part("alpha").value = "0.075";
    part("beta").value = "0";
    draw();
  });
  part("controls").hidden = false;
  draw();
})();
