// Which epsilon? Move the step, and see how far three numerical derivatives are off.
(function () {
  "use strict";

  var root = document.getElementById("epsilon");
  if (!root) return;

  var LEFT = 56, RIGHT = 390, TOP = 14, BOTTOM = 196; // the plot, in pixels
  var LOW = -17, HIGH = 1; // log10 of the smallest and the largest error that are drawn

  function softplusLess(z) { return Math.log(1 + Math.exp(z)) - z; }
  function softplusLessImaginary(z, h) {
    return Math.atan2(Math.exp(z) * Math.sin(h), 1 + Math.exp(z) * Math.cos(h)) - h;
  }

  // value: the function; imaginary: the imaginary part of its value at z + ih; slope: what is right at the point.
  var FUNCTIONS = {
    smooth: { at: 0.7, value: softplusLess, imaginary: softplusLessImaginary, slope: 1 / (1 + Math.exp(-0.7)) - 1 },
    large: {
      at: 0.7,
      value: function (z) { return softplusLess(z) + 1000; },
      imaginary: softplusLessImaginary,
      slope: 1 / (1 + Math.exp(-0.7)) - 1
    },
    kink: {
      at: 0.001,
      value: function (z) { return z > 0 ? z : 0; },
      imaginary: function (z, h) { return z > 0 ? h : 0; },
      slope: 1
    }
  };

  var WAYS = {
    one: function (f, e) { return (f.value(f.at + e) - f.value(f.at)) / e; },
    central: function (f, e) { return (f.value(f.at + e) - f.value(f.at - e)) / (2 * e); },
    complex: function (f, e) { return f.imaginary(f.at, e) / e; }
  };

  function part(name) { return document.getElementById("epsilon-" + name); }
  function error(f, way, e) { return Math.abs(WAYS[way](f, e) - f.slope); }
  function across(power) { return (LEFT + (RIGHT - LEFT) * (power + 16) / 16).toFixed(1); }
  function down(value) {
    var power = value > 0 ? Math.log10(value) : LOW;
    return (BOTTOM - (BOTTOM - TOP) * (Math.min(Math.max(power, LOW), HIGH) - LOW) / (HIGH - LOW)).toFixed(1);
  }

  function raised(n) {
    var digits = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
    return String(n).replace(/./g, function (c) { return c === "-" ? "\u207b" : digits[Number(c)]; });
  }

  function number(x) {
    if (x < 1e-17) return "0";
    var parts = x.toExponential(1).split("e"), power = Number(parts[1]);
    return power === 0 ? parts[0] : parts[0] + " \u00b7 10" + raised(power);
  }

  function draw() {
    var f = FUNCTIONS[part("function").value];
    var power = Number(part("step").value), e = Math.pow(10, power);
    Object.keys(WAYS).forEach(function (way) {
      var points = [];
      for (var k = 0; k <= 160; k++) {
        points.push(across(-16 + k / 10) + " " + down(error(f, way, Math.pow(10, -16 + k / 10))));
      }
      part(way).setAttribute("d", "M" + points.join("L"));
      part(way + "-dot").setAttribute("cx", across(power));
      part(way + "-dot").setAttribute("cy", down(error(f, way, e)));
    });
    part("line").setAttribute("d", "M" + across(power) + " " + TOP + "V" + BOTTOM);
    part("value").textContent = number(e);
    part("step").setAttribute("aria-valuetext", e.toExponential(1));
    part("says").textContent = "With a step of " + number(e) + " the one-sided difference is off by "
      + number(error(f, "one", e)) + ", the central one by " + number(error(f, "central", e))
      + ", and the complex step by " + number(error(f, "complex", e)) + ".";
  }

  ["step", "function"].forEach(function (name) { part(name).addEventListener("input", draw); });
  part("controls").hidden = false;
  draw();
})();
