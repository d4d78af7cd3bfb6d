(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("script");

  /* Theme: the system's own until the reader chooses. */
  var theme = document.getElementById("theme");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  }
  function nameTheme() {
    theme.textContent = isDark() ? "Light theme" : "Dark theme";
    theme.setAttribute("aria-pressed", String(isDark()));
  }
  theme.hidden = false;
  nameTheme();
  dark.addEventListener("change", nameTheme);
  theme.addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });

  /* Tables: a heading sorts, rows without a value stay last, equal rows keep their order. */
  function compare(a, b) {
    var x = a.dataset.v, y = b.dataset.v;
    if (x !== undefined && y !== undefined) { return Number(x) - Number(y); }
    return a.textContent.localeCompare(b.textContent, "en", { numeric: true });
  }
  function isEmpty(cell) { return cell.classList.contains("none") || cell.textContent === ""; }
  function sortBy(heading) {
    var body = heading.closest("table").tBodies[0];
    var index = heading.cellIndex;
    var up = heading.getAttribute("aria-sort") !== "ascending";
    var rows = Array.from(body.rows);
    rows.sort(function (a, b) {
      var x = a.cells[index], y = b.cells[index];
      if (isEmpty(x) || isEmpty(y)) { return isEmpty(x) - isEmpty(y); }
      return up ? compare(x, y) : compare(y, x);
    });
    heading.parentNode.querySelectorAll("th[aria-sort]").forEach(function (one) {
      one.setAttribute("aria-sort", "none");
    });
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append.apply(body, rows);
  }
  document.querySelectorAll(".sort").forEach(function (button) {
    button.addEventListener("click", function () { sortBy(button.closest("th")); });
  });

  /* CSV of a table as it is sorted. A text that a spreadsheet would take for a formula gets an apostrophe. */
  function csvCell(cell) {
    var plain = cell.dataset.v !== undefined && cell.dataset.text === undefined;
    if (plain) { return cell.dataset.v; }
    var text = cell.classList.contains("none") ? "" : cell.textContent;
    if (/^\s*[=+\-@]/.test(text) || /^[\t\r]/.test(text)) { text = "'" + text; }
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }
  function csv(table) {
    return Array.from(table.rows).map(function (row) {
      return Array.from(row.cells).map(csvCell).join(",");
    }).join("\r\n") + "\r\n";
  }
  document.querySelectorAll(".table").forEach(function (box) {
    var table = box.querySelector("table");
    if (table.tBodies[0].rows.length < 3) { return; }
    var button = document.createElement("button");
    button.type = "button";
    button.className = "csv";
    button.textContent = "CSV";
    button.setAttribute("aria-label", "Save as CSV: " + table.caption.textContent);
    button.addEventListener("click", function () {
      var link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff" + csv(table)], { type: "text/csv" }));
      link.download = table.caption.textContent.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60) + ".csv";
      link.click();
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
    });
    box.prepend(button);
  });

  /* Charts: the nearest stop under the pointer, or the next one by arrow key, says its values. */
  var tip = document.getElementById("tip");
  function hide(panel) {
    tip.hidden = true;
    panel.querySelectorAll(".on").forEach(function (one) { one.classList.remove("on"); });
    if (panel.cursor) { panel.cursor.setAttribute("visibility", "hidden"); }
  }
  function show(panel, stop) {
    hide(panel);
    panel.current = stop;
    stop.group.classList.add("on");
    if (panel.by === "x") {
      panel.cursor.setAttribute("x1", stop.x);
      panel.cursor.setAttribute("x2", stop.x);
      panel.cursor.setAttribute("visibility", "visible");
    }
    tip.textContent = stop.text;
    tip.hidden = false;
    var box = panel.getBoundingClientRect();
    var scale = box.width / panel.viewBox.baseVal.width;
    var left = box.left + stop.x * scale + 14, top = box.top + stop.y * scale - tip.offsetHeight - 10;
    if (left + tip.offsetWidth > window.innerWidth - 6) { left -= tip.offsetWidth + 28; }
    tip.style.left = Math.max(6, left) + "px";
    tip.style.top = Math.max(6, top) + "px";
  }
  function nearest(panel, x, y) {
    var best = null, least = Infinity;
    panel.places.forEach(function (stop) {
      var dx = panel.by === "y" ? 0 : stop.x - x, dy = panel.by === "x" ? 0 : stop.y - y;
      var far = dx * dx + dy * dy;
      if (far < least) { least = far; best = stop; }
    });
    return best;
  }
  document.querySelectorAll("svg.panel").forEach(function (panel) {
    var group = panel.querySelector(".stops");
    panel.by = group.dataset.by;
    panel.places = Array.from(group.children).map(function (one) {
      var title = one.querySelector("title");
      var text = title.textContent;
      title.remove();
      return { group: one, x: Number(one.dataset.x), y: Number(one.dataset.y || panel.dataset.top), text: text };
    });
    if (!panel.places.length) { return; }
    panel.cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
    panel.cursor.setAttribute("class", "cursor");
    panel.cursor.setAttribute("y1", panel.dataset.top);
    panel.cursor.setAttribute("y2", panel.dataset.bottom);
    panel.cursor.setAttribute("visibility", "hidden");
    panel.insertBefore(panel.cursor, group);
    panel.addEventListener("pointermove", function (event) {
      var box = panel.getBoundingClientRect();
      var scale = panel.viewBox.baseVal.width / box.width;
      show(panel, nearest(panel, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale));
    });
    panel.addEventListener("pointerleave", function () { hide(panel); });
    panel.addEventListener("blur", function () { hide(panel); });
    panel.addEventListener("keydown", function (event) {
      var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") { hide(panel); }
      if (!step) { return; }
      event.preventDefault();
      var next = panel.places.indexOf(panel.current) + step;
      show(panel, panel.places[Math.min(Math.max(next, 0), panel.places.length - 1)]);
    });
  });
})();
