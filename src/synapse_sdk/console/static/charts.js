// Metric charts: one per key, one line per step (and attempt, and job when several are compared).
"use strict";
(() => {
  const board = document.getElementById("charts");
  if (!board) return;
  const COLOURS = ["--chart-1", "--chart-2", "--chart-3", "--chart-4", "--chart-5", "--chart-6", "--chart-7", "--chart-8"];
  const HEIGHT = 200;
  const REFRESH_MS = 1000;
  const axis = document.getElementById("x-axis");
  const empty = document.getElementById("no-metrics");
  const charts = new Map();
  // From a line's name to its colour: the same in all charts of the page.
  let slots = new Map();
  // Positions are counted: no marks between them.
  const STEPS = [1, 2, 5].flatMap((digit) => [...Array(10).keys()].map((power) => digit * 10 ** power)).sort((a, b) => a - b);
  let isLoading = false, isStale = false, lastAt = 0;

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // JSON has no NaN: such values come as words, and are drawn as gaps.
  const drawable = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

  async function load() {
    if (isLoading) { isStale = true; return; }
    isLoading = true;
    try {
      const address = new URL(board.dataset.source, window.location.href);
      if (axis) address.searchParams.set("x", axis.value);
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${answer.status} for ${address.pathname}`);
      draw((await answer.json()).series);
      board.removeAttribute("data-problem");
    } catch (error) {
      board.dataset.problem = String(error);
    } finally {
      isLoading = false;
      lastAt = Date.now();
      if (isStale) { isStale = false; loadSoon(); }
    }
  }

  let timer = null;
  function loadSoon() {
    if (timer === null) {
      timer = setTimeout(() => { timer = null; load(); }, Math.max(0, lastAt + REFRESH_MS - Date.now()));
    }
  }

  function draw(series) {
    const labels = [...new Set(series.map((item) => item.label))];
    labels.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
    slots = new Map(labels.map((label, index) => [label, index]));
    const groups = Map.groupBy ? Map.groupBy(series, (item) => item.key) : groupBy(series);
    for (const [key, items] of groups) {
      items.sort((a, b) => a.label.localeCompare(b.label, undefined, { numeric: true }));
      drawOne(key, items);
    }
    for (const [key, chart] of charts) {
      if (!groups.has(key)) { chart.plot.destroy(); chart.box.remove(); charts.delete(key); }
    }
    if (empty) empty.hidden = groups.size > 0;
    board.dataset.count = String(groups.size);
  }

  function groupBy(series) {
    const groups = new Map();
    for (const item of series) groups.set(item.key, [...(groups.get(item.key) ?? []), item]);
    return groups;
  }

  function drawOne(key, items) {
    const data = align(items);
    const labels = items.map((item) => `${item.label} ${slots.get(item.label)} ${Boolean(item.low)}`).join("\n");
    let chart = charts.get(key);
    if (chart && chart.labels === labels) { chart.plot.setData(data); return; }
    if (chart) { chart.plot.destroy(); chart.box.remove(); }
    const box = document.createElement("figure");
    box.className = "chart";
    const title = document.createElement("h3");
    title.textContent = key;
    box.append(title);
    board.append(box);
    const plot = new uPlot(options(items, box), data, box);
    charts.set(key, { box, plot, labels });
  }

  function align(items) {
    const tables = items.map((item) => [item.x, ...lists(item).map((list) => list.map(drawable))]);
    if (tables.length === 1) return tables[0];
    // Positions that only another line has are no gaps of this one; its own unusable values are.
    return uPlot.join(tables, tables.map((table) => table.map(() => 1)));
  }

  // A long series comes as means with the least and the greatest value that each stands for.
  const lists = (item) => (item.low ? [item.y, item.low, item.high] : [item.y]);

  function lines(items) {
    const series = [], bands = [];
    for (const item of items) {
      const index = slots.get(item.label);
      const colour = css(COLOURS[index % COLOURS.length]);
      series.push({
        label: item.label,
        stroke: colour,
        // Beyond the colours, lines differ by their dashes.
        dash: index >= COLOURS.length ? [6, 4] : undefined,
        width: 1.5,
        points: { show: item.x.length === 1 || undefined, size: 5 },
        spanGaps: false,
        value: (_, value) => (value == null ? "–" : short(value)),
      });
      if (!item.low) continue;
      const edge = { label: "", class: "edge", stroke: "transparent", width: 0, points: { show: false } };
      series.push({ ...edge }, { ...edge });
      bands.push({ series: [series.length, series.length - 1], fill: `${colour}30` });
    }
    return { series, bands };
  }

  function options(items, box) {
    const drawn = lines(items);
    const grid = { stroke: css("--line"), width: 1 };
    const ticks = { stroke: css("--line-strong"), width: 1, size: 4 };
    const font = "11px system-ui, sans-serif";
    return {
      width: Math.max(200, box.clientWidth - 24),
      height: HEIGHT,
      cursor: { drag: { x: true, y: false }, focus: { prox: 24 } },
      scales: { x: { time: false } },
      axes: [
        { stroke: css("--muted"), grid, ticks, font, size: 28, incrs: STEPS },
        { stroke: css("--muted"), grid, ticks, font, size: 56, values: (_, values) => values.map(short) },
      ],
      series: [
        { label: axis ? axis.selectedOptions[0].textContent : "#" },
        ...drawn.series,
      ],
      bands: drawn.bands,
    };
  }

  const short = (value) => {
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(5)));
  };

  new ResizeObserver(() => {
    for (const { box, plot } of charts.values()) plot.setSize({ width: Math.max(200, box.clientWidth - 24), height: HEIGHT });
  }).observe(board);

  function redraw() {
    for (const { plot, box } of charts.values()) { plot.destroy(); box.remove(); }
    charts.clear();
    load();
  }
  axis?.addEventListener("change", redraw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("job:changed", loadSoon);
  load();
})();
