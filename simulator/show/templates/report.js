(function () {
  var data = JSON.parse(document.getElementById("trials-data").textContent);
  var trials = chances(data);
  var range = document.getElementById("budget-range");
  var typed = document.getElementById("budget-typed");
  var back = document.getElementById("budget-back");
  var dots = document.querySelectorAll(".hundred i");
  var lines = document.querySelectorAll('[id$="budget-line"], [id$="budget-text"]');
  var crossings = document.querySelectorAll('[id*="crossing-"], [id$="-over"]');

  function show(position, typing) {
    var amount = trials.amountAt(position), hits = trials.over(position), p = hits / data.trials;
    var said = trials.oddsOf(hits);
    var one = /^(less than )?1 in /.test(said);
    document.getElementById("chance").textContent =
      said.charAt(0).toUpperCase() + said.slice(1) + " " + data.nouns + (one ? " goes over" : " go over");
    var how = hits === 0 ? "None" : hits === data.trials ? "All" : trials.percent(p);
    document.getElementById("chance-percent").textContent = how + " of " + trials.grouped(data.trials, 0) +
      " simulated " + data.nouns + (hits === 0 ? " costs" : " cost") + " more than " + trials.money(amount);
    var broken = hits === 0 ? 0 : hits === data.trials ? 100 : Math.min(99, Math.max(1, Math.round(100 * p)));
    dots.forEach(function (dot, i) { dot.className = i < broken ? "broken" : ""; });
    if (!typing) { typed.value = trials.money(amount); }
    range.value = position;
    range.setAttribute("aria-valuetext", trials.money(amount) + ", " + trials.percent(p));
    back.hidden = position === 0;
    lines.forEach(function (line) {
      var frame = line.closest("[data-per]");
      var moved = (amount - data.budget) * Number(frame.dataset.per);
      var inside = amount >= Number(frame.dataset.low) && amount <= Number(frame.dataset.high);
      line.setAttribute("transform", frame.dataset.axis === "y" ? "translate(0 " + moved + ")" : "translate(" + moved + " 0)");
      line.style.display = inside ? "" : "none";
      if (line.id.endsWith("budget-text")) {
        line.querySelectorAll("text").forEach(function (text) { text.textContent = "Budget " + trials.money(amount); });
      }
    });
    crossings.forEach(function (mark) { mark.style.display = position === 0 ? "" : "none"; });
  }

  function read(text) {
    var found = /^([\d.,\s]*\d)\s*([kKmM]?)$/.exec(text.replace(data.currency.trim(), "").trim());
    if (!found) { return NaN; }
    return Number(found[1].replace(/[,\s]/g, "")) * ({ k: 1e3, m: 1e6 }[found[2].toLowerCase()] || 1);
  }

  document.querySelectorAll(".script").forEach(function (part) { part.hidden = false; });
  range.min = -data.low;
  range.max = data.high;
  range.step = 1;
  range.addEventListener("input", function () { show(Number(range.value), false); });
  typed.addEventListener("input", function () {
    var amount = read(typed.value);
    if (amount > 0) { show(Math.round((amount - data.budget) / data.step), true); }
  });
  typed.addEventListener("change", function () {
    var amount = read(typed.value);
    show(amount > 0 ? Math.round((amount - data.budget) / data.step) : Number(range.value), false);
  });
  back.addEventListener("click", function () { show(0, false); });
  show(0, false);
})();
