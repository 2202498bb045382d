"use strict";
// Sorts and filters tables, shows the list of connections a page at a time, and says what is under the pointer in the
// timeline. Everything is put into the page as text.
(function () {
  const number = new Intl.NumberFormat("en-US");
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  // What is said in another language than English.
  const said = document.getElementById("said");
  const messages = said ? JSON.parse(said.textContent) : {};

  // A message, its placeholders filled.
  function tr(text, values) {
    return (messages[text] || text).replace(/\{(\w+)\}/g, function (_, name) { return values[name]; });
  }

  function words(text) {
    return text.toLowerCase().split(/\s+/).filter(Boolean);
  }

  function later(run) {
    let timer;
    return function () {
      clearTimeout(timer);
      timer = setTimeout(run, 120);
    };
  }

  function heads(box, sort) {
    const all = Array.from(box.querySelectorAll("thead th"));
    all.forEach(function (th, place) {
      th.querySelector("button").addEventListener("click", function () {
        const first = th.classList.contains("n") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const order = th.getAttribute("aria-sort") === first ? second : first;
        all.forEach(function (other) { other.removeAttribute("aria-sort"); });
        th.setAttribute("aria-sort", order);
        sort(place, order === "ascending" ? 1 : -1);
      });
    });
  }

  // Tables whose rows are in the page.
  function plain(box) {
    const body = box.querySelector("tbody");
    const rows = Array.from(body.rows);
    const field = box.querySelector("input");
    heads(box, function (place, sign) {
      const keyed = rows.map(function (row) {
        const cell = row.cells[place];
        return { row: row, key: cell.dataset.v === undefined ? null : Number(cell.dataset.v), text: cell.textContent };
      });
      keyed.sort(function (a, b) {
        if (a.key === null && b.key === null) { return sign * collator.compare(a.text, b.text); }
        // What is not known comes last.
        if (a.key === null || b.key === null) { return a.key === null ? 1 : -1; }
        return sign * (a.key - b.key);
      });
      body.append.apply(body, keyed.map(function (entry) { return entry.row; }));
    });
    if (!field) { return; }
    const texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    const found = box.querySelector(".found");
    field.addEventListener("input", later(function () {
      const wanted = words(field.value);
      let shown = 0;
      rows.forEach(function (row, place) {
        const fits = wanted.every(function (word) { return texts[place].includes(word); });
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      const values = { n: number.format(shown), all: number.format(rows.length) };
      found.textContent = shown < rows.length ? tr("{n} of {all} rows", values) : tr("{n} rows", values);
    }));
  }

  function span(us) {
    if (us < 999.5) { return us + " us"; }
    if (us < 999500) { return digits(us / 1e3) + " ms"; }
    if (us < 600e6) { return digits(us / 1e6) + " s"; }
    return tr("{n} min", { n: digits(us / 60e6) });
  }

  function digits(n) {
    return n < 9.995 ? n.toFixed(2) : n < 99.95 ? n.toFixed(1) : number.format(Math.round(n));
  }

  // The list of connections: numbers in lines, see connections.rs.
  function connections(box) {
    const ROWS = 50;
    const head = JSON.parse(document.getElementById("connection-words").textContent);
    const lines = document.getElementById("connection-rows").textContent.trim().split("\n");
    const kinds = head.kinds;
    const count = lines.length;
    const columns = kinds.map(function () { return new Float64Array(count); });
    const ports = new Uint16Array(count);
    let id = 0, start = 0, frame = 0;
    lines.forEach(function (line, row) {
      const n = line.split(",");
      id += Number(n[0]);
      start += Number(n[5]);
      frame += Number(n[13]);
      ports[row] = Number(n[2]);
      const values = [id, n[1], n[3], n[4], start, n[6], n[7], n[8], n[9], n[10], n[11] === "" ? NaN : n[11], n[12], frame];
      for (let place = 0; place < kinds.length; place += 1) { columns[place][row] = Number(values[place]); }
    });

    function text(place, row) {
      const value = columns[place][row];
      switch (kinds[place]) {
        case "end": return head.words[value - 1] + (place === 1 ? ":" + ports[row] : "");
        case "word": return value === 0 ? "-" : head.words[value - 1];
        case "since": return (value / 1e3).toFixed(3);
        case "ms": return span(value * 1e3);
        case "us": return Number.isNaN(value) ? "-" : span(value);
        case "id": case "frame": return String(value);
        default: return number.format(value);
      }
    }

    const named = kinds.map(function (kind) { return kind === "word" || kind === "end"; });
    // Words are sorted by their place in the alphabet.
    const ranks = new Float64Array(head.words.length + 1);
    head.words.map(function (word, place) { return { word: word, place: place + 1 }; })
      .sort(function (a, b) { return collator.compare(a.word, b.word); })
      .forEach(function (entry, rank) { ranks[entry.place] = rank + 1; });

    const body = box.querySelector("tbody");
    const field = box.querySelector("input");
    const found = box.querySelector(".found");
    const steps = Array.from(box.querySelectorAll("[data-step]"));
    let order = Uint32Array.from({ length: count }, function (_, row) { return row; });
    let page = 0, sorted = null;

    function show() {
      const last = Math.max(0, Math.ceil(order.length / ROWS) - 1);
      page = Math.min(Math.max(page, 0), last);
      const from = page * ROWS, to = Math.min(order.length, from + ROWS);
      const rows = [];
      for (let at = from; at < to; at += 1) {
        const tr = document.createElement("tr");
        for (let place = 0; place < kinds.length; place += 1) {
          const td = document.createElement("td");
          td.textContent = text(place, order[at]);
          if (!named[place]) { td.className = "n"; }
          tr.append(td);
        }
        rows.push(tr);
      }
      body.replaceChildren.apply(body, rows);
      const whole = number.format(count);
      const all = order.length < count ? tr("{n} of {all}", { n: number.format(order.length), all: whole }) : whole;
      found.textContent = order.length === 0 ? tr("none of {all}", { all: whole })
        : tr("{from} to {to} of {all}", { from: number.format(from + 1), to: number.format(to), all: all });
      steps[0].disabled = page === 0;
      steps[1].disabled = page === last;
    }

    function arrange() {
      const wanted = words(field.value);
      let rows = new Uint32Array(count), fits = 0;
      for (let row = 0; row < count; row += 1) {
        let whole = "";
        if (wanted.length > 0) {
          for (let place = 0; place < kinds.length; place += 1) { whole += text(place, row) + " "; }
          whole = whole.toLowerCase();
        }
        if (wanted.every(function (word) { return whole.includes(word); })) { rows[fits] = row; fits += 1; }
      }
      rows = rows.subarray(0, fits);
      if (sorted) {
        const column = columns[sorted.place], words_ = named[sorted.place], sign = sorted.sign, isClient = sorted.place === 1;
        const key = function (row) { return words_ ? ranks[column[row]] : column[row]; };
        rows.sort(function (a, b) {
          const x = key(a), y = key(b);
          if (Number.isNaN(x) || Number.isNaN(y)) { return Number.isNaN(x) && Number.isNaN(y) ? a - b : Number.isNaN(x) ? 1 : -1; }
          return sign * (x - y) || (isClient ? sign * (ports[a] - ports[b]) : 0) || a - b;
        });
      }
      order = rows;
      page = 0;
      show();
    }

    heads(box, function (place, sign) { sorted = { place: place, sign: sign }; arrange(); });
    field.addEventListener("input", later(arrange));
    steps.forEach(function (button) {
      button.addEventListener("click", function () { page += Number(button.dataset.step); show(); });
    });
    show();
  }

  // What is under the pointer, in all charts of a timeline.
  function timeline(box) {
    const rows = JSON.parse(document.getElementById(box.dataset.rows).textContent);
    const charts = Array.from(box.querySelectorAll(".chart"));
    const readout = box.querySelector(".readout");
    if (!readout) { return; }
    const rest = readout.textContent;
    const names = { handshakes: "handshakes/s", requests: "requests/s", reuse: "reused", open: "open", time_wait: "TIME-WAIT" };
    box.addEventListener("pointermove", function (event) {
      const frame = charts[0].querySelector("svg").getBoundingClientRect();
      const part = (event.clientX - frame.left) / frame.width;
      const place = Math.floor(part * rows.times.length);
      if (place < 0 || place >= rows.times.length) { return; }
      charts.forEach(function (chart) {
        const hair = chart.querySelector(".hair");
        hair.setAttribute("visibility", "visible");
        hair.setAttribute("x1", part * 100 + "%");
        hair.setAttribute("x2", part * 100 + "%");
      });
      readout.textContent = rows.times[place] + ": " + Object.keys(names).map(function (key) {
        const value = rows[key][place];
        const shown = value === null ? "-" : key === "reuse" ? (value * 100).toFixed(1) + " %" : number.format(Math.round(value * 100) / 100);
        return tr(names[key]) + " " + shown;
      }).join(tr(", "));
    });
    box.addEventListener("pointerleave", function () {
      charts.forEach(function (chart) { chart.querySelector(".hair").setAttribute("visibility", "hidden"); });
      readout.textContent = rest;
    });
  }

  document.querySelectorAll(".sortable").forEach(function (box) {
    if (box.id === "connection-list") { connections(box); } else { plain(box); }
  });
  document.querySelectorAll(".timeline").forEach(timeline);
  document.documentElement.dataset.ready = "yes";
}());
