// One neuron with two inputs: move its weights and its bias, see its line and what it gets right.
(function () {
  "use strict";

  var root = document.getElementById("neuron");
  if (!root) return;

  var UNIT = 60; // pixels for a step of 1
  var EDGE = 3; // the picture shows -3 to 3
  var POINTS = [
    [1.2, 1.6, 1], [2.2, 0.4, 1], [0.4, 2.4, 1], [1.8, -0.6, 1], [2.4, 2.0, 1],
    [-1.4, 0.8, 0], [-0.6, -1.2, 0], [0.8, -2.2, 0], [-2.2, -0.6, 0], [0.2, 0.2, 0],
  ];

  function part(name) { return document.getElementById("neuron-" + name); }
  function across(x) { return 200 + UNIT * x; }
  function down(y) { return 200 - UNIT * y; }
  function fixed(value, digits) {
    var text = Math.abs(value).toFixed(digits);
    return (value < 0 && Number(text) !== 0 ? "\u2212" : "") + text;
  }

  // The part of a polygon where the weighted input is at least `level`.
  function above(polygon, w, b, level) {
    var kept = [];
    polygon.forEach(function (p, k) {
      var q = polygon[(k + 1) % polygon.length];
      var zp = w[0] * p[0] + w[1] * p[1] + b - level;
      var zq = w[0] * q[0] + w[1] * q[1] + b - level;
      if (zp >= 0) kept.push(p);
      if (zp >= 0 !== zq >= 0) {
        var t = zp / (zp - zq);
        kept.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
      }
    });
    return kept;
  }

  function path(points, closed) {
    if (!points.length) return "";
    return "M" + points.map(function (p) {
      return across(p[0]).toFixed(1) + " " + down(p[1]).toFixed(1);
    }).join("L") + (closed ? "Z" : "");
  }

  var SQUARE = [[-EDGE, -EDGE], [EDGE, -EDGE], [EDGE, EDGE], [-EDGE, EDGE]];

  // Where a level of z crosses the square: two points, or none.
  function crossing(w, b, level) {
    var ends = [];
    SQUARE.forEach(function (p, k) {
      var q = SQUARE[(k + 1) % 4];
      var zp = w[0] * p[0] + w[1] * p[1] + b - level;
      var zq = w[0] * q[0] + w[1] * q[1] + b - level;
      if (zp >= 0 !== zq >= 0) {
        var t = zp / (zp - zq);
        ends.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
      }
    });
    return ends;
  }

  function arrow(w, b) {
    var square = w[0] * w[0] + w[1] * w[1];
    var foot = [-b * w[0] / square, -b * w[1] / square];
    var tip = [foot[0] + w[0], foot[1] + w[1]];
    if (Math.max(Math.abs(foot[0]), Math.abs(foot[1])) > EDGE) return "";
    var angle = Math.atan2(w[1], w[0]);
    var barbs = [angle + 2.7, angle - 2.7].map(function (turn) {
      return [tip[0] + 0.16 * Math.cos(turn), tip[1] + 0.16 * Math.sin(turn)];
    });
    return path([foot, tip], false) + path([barbs[0], tip, barbs[1]], false);
  }

  function draw() {
    var w = [Number(part("w1").value), Number(part("w2").value)];
    var b = Number(part("b").value);
    var length = Math.hypot(w[0], w[1]);
    ["w1", "w2", "b"].forEach(function (name) {
      part(name + "-value").textContent = fixed(Number(part(name).value), 1);
    });

    var right = 0;
    var cost = 0;
    POINTS.forEach(function (p, k) {
      var z = w[0] * p[0] + w[1] * p[1] + b;
      var good = z > 0 === (p[2] === 1);
      right += good ? 1 : 0;
      // log(1 + e^z) - y z, without overflow
      cost += (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - p[2] * z) / POINTS.length;
      part("ring-" + k).style.display = good ? "none" : "";
    });

    part("side").setAttribute("d", path(above(SQUARE, w, b, 0), true));
    part("line").setAttribute("d", path(crossing(w, b, 0), false));
    part("low").setAttribute("d", path(crossing(w, b, -Math.log(9)), false));
    part("high").setAttribute("d", path(crossing(w, b, Math.log(9)), false));
    part("arrow").setAttribute("d", length ? arrow(w, b) : "");

    var where = length
      ? "The origin lies at the signed distance b/\u2016w\u2016 = " + fixed(b / length, 2) + " from the line. "
      : "Both weights are 0: there is no line, and the answer is the same everywhere. ";
    part("says").textContent = where + right + " of " + POINTS.length + " points right, cost " + cost.toFixed(2) + ".";
  }

  ["w1", "w2", "b"].forEach(function (name) { part(name).addEventListener("input", draw); });
  part("reset").addEventListener("click", function () {
    ["w1", "w2", "b"].forEach(function (name) { part(name).value = part(name).defaultValue; });
    draw();
  });
  part("controls").hidden = false;
  draw();
})();
