"use strict";
// The arithmetic of the slider: what simulator/show/slider.py packed, unpacked; and the words of simulator/show/words.py.
function chances(data) {
  var points = [data.first];
  data.gaps.forEach(function (gap) { points.push(points[points.length - 1] + gap); });
  var n = points.length;

  // rank (1 to trials) of embedded trial i; every trial is embedded where they are few enough
  function rank(i) { return 1 + Math.floor(i * (data.trials - 1) / Math.max(1, n - 1)); }

  // how many trials break a budget at this position of the lattice
  function over(position) {
    var low = 0, high = n;
    while (low < high) {
      var middle = (low + high) >> 1;
      if (points[middle] <= position) { low = middle + 1; } else { high = middle; }
    }
    if (low === 0) { return data.trials; }
    var held = rank(low - 1);
    if (low < n) {
      held += (rank(low) - held - 1) * (position - points[low - 1]) / (points[low] - points[low - 1]);
    }
    return data.trials - held;
  }

  function grouped(x, places) {
    var parts = x.toFixed(places).split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ",");
    return parts.join(".");
  }
  var places = Math.max(0, -Math.floor(Math.log10(data.step) + 1e-9));
  function amountAt(position) { return data.budget + position * data.step; }
  function money(amount) {
    var whole = Math.abs(amount - Math.round(amount)) < 1e-9;
    return data.currency + grouped(amount, whole ? 0 : Math.max(2, places));
  }

  var spoken = [[1, 2], [1, 3], [2, 3], [1, 4], [3, 4], [1, 5], [2, 5], [3, 5], [4, 5], [1, 6], [5, 6], [1, 7], [6, 7],
    [1, 8], [7, 8], [1, 9], [8, 9], [1, 10], [3, 10], [7, 10], [9, 10], [9, 20], [11, 20]];
  var round = [1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10];
  function odds(p) {
    if (p >= 0.095 && p <= 0.905) {
      var near = spoken.reduce(function (best, f) {
        return Math.abs(f[0] / f[1] - p) < Math.abs(best[0] / best[1] - p) - 1e-12 ? f : best;
      });
      return near[0] + " in " + near[1];
    }
    var rare = 1 / Math.min(p, 1 - p);
    if (rare < 99.5) { rare = Math.round(rare); } else {
      var step = Math.pow(10, Math.floor(Math.log10(rare)));
      rare = Math.round(round.reduce(function (best, m) {
        return Math.abs(m * step - rare) < Math.abs(best * step - rare) ? m : best;
      }) * step);
    }
    return p < 0.5 ? "1 in " + grouped(rare, 0) : grouped(rare - 1, 0) + " in " + grouped(rare, 0);
  }
  function oddsOf(hits) {
    if (hits > 0 && hits < data.trials) { return odds(hits / data.trials); }
    var bound = 1 - Math.pow(0.05, 1 / data.trials);
    if (bound > 0.5) { return "anybody's guess"; }
    // one digit where that says it to an eighth, else two
    var most = 1 / bound, size = Math.pow(10, Math.floor(Math.log10(most))), rare = Math.floor(most / size) * size;
    if (rare <= 0.88 * most && most >= 10) { rare = Math.floor(10 * most / size) * size / 10; }
    rare = Math.round(rare);
    return hits === 0 ? "less than 1 in " + grouped(rare, 0) : "more than " + grouped(rare - 1, 0) + " in " + grouped(rare, 0);
  }
  // to so many decimals, ties to the even digit: a share and its complement then add up to 100
  function rounded(x, places) {
    var scaled = Number((x * Math.pow(10, places)).toFixed(6)), down = Math.floor(scaled), rest = scaled - down;
    return (rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down) / Math.pow(10, places);
  }
  function percent(p) {
    var exact = Number((100 * p).toFixed(9)), room = Math.min(exact, 100 - exact) / 20;
    for (var d = 1; d < 12; d += 1) {
      var shown = rounded(exact, d);
      if (p === 0 || p === 1 || (shown !== 0 && shown !== 100 && Math.abs(shown - exact) <= room)) {
        return shown.toFixed(d).replace(/\.?0+$/, "") + "\u00a0%";
      }
    }
    return 100 * p + "\u00a0%";
  }

  return { over: over, oddsOf: oddsOf, percent: percent, money: money, amountAt: amountAt, grouped: grouped };
}
