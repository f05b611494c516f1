// A log of any length in a window of a few lines: only what is looked at is asked for and drawn.
"use strict";
(() => {
  const box = document.getElementById("log");
  if (!box) return;
  const LINE_PX = 18;
  const CHUNK = 250;
  // Nobody reads a longer line on a screen; the file has all of it.
  const LINE_SHOWN_CHARS = 5000;
  const CHUNKS_KEPT = 40;
  const OVERSCAN = 20;
  const REFRESH_MS = 700;
  // Browsers give up on taller elements; above it, the scroll bar counts lines and no longer pixels.
  const HEIGHT_MAX_PX = 6_000_000;
  const CODES = /\u001b\[[0-9;?]*[A-Za-z]/g;

  const space = box.querySelector(".space");
  const lines = box.querySelector(".lines");
  const element = (id) => document.getElementById(id);
  const follow = element("log-follow"), stream = element("log-stream"), jump = element("log-jump");
  const needle = element("log-search"), said = element("log-said"), attempt = element("log-attempt");

  let chunks = new Map();
  let total = 0, top = 0, found = -1, era = 0, ownScroll = -1;

  const address = (more) => {
    const url = new URL(box.dataset.source, window.location.href);
    url.searchParams.set("stream", stream.value);
    if (attempt) url.searchParams.set("attempt", attempt.value);
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    return url;
  };
  async function ask(more) {
    const answer = await fetch(address(more), { headers: { Accept: "application/json" } });
    const document = await answer.json();
    if (!answer.ok) throw new Error(document.detail ?? String(answer.status));
    return document;
  }

  const shownLines = () => Math.max(1, Math.floor(box.clientHeight / LINE_PX));
  const topMax = () => Math.max(0, total - shownLines());
  const heightPx = () => Math.min(total * LINE_PX + 8, HEIGHT_MAX_PX);
  const isScaled = () => total * LINE_PX + 8 > HEIGHT_MAX_PX;
  const scrollMax = () => Math.max(1, heightPx() - box.clientHeight);
  const toScroll = (line) => (isScaled() ? (line / Math.max(1, topMax())) * scrollMax() : line * LINE_PX);
  const toLine = (scroll) => (isScaled() ? (scroll / scrollMax()) * topMax() : scroll / LINE_PX);

  function setTotal(count) {
    if (count === total) return;
    total = count;
    space.style.height = `${heightPx()}px`;
    box.dataset.total = String(total);
    element("log-total").textContent = total.toLocaleString();
  }

  function scrollTo(line) {
    top = Math.min(Math.max(0, line), topMax());
    box.scrollTop = toScroll(top);
    ownScroll = box.scrollTop;
    draw();
  }

  let isDrawing = false;
  function draw() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => { isDrawing = false; drawNow(); });
  }

  function drawNow() {
    const first = Math.max(0, Math.floor(top) - OVERSCAN);
    const last = Math.min(total, Math.floor(top) + shownLines() + OVERSCAN + 1);
    const rows = [];
    for (let number = first; number < last; number += 1) rows.push(row(number));
    lines.replaceChildren(...rows);
    // In scaled mode the drawn lines stand where the scroll bar is, whatever their numbers are.
    const offset = isScaled() ? box.scrollTop - (top - first) * LINE_PX : first * LINE_PX;
    lines.style.transform = `translateY(${offset}px)`;
    for (let index = Math.floor(first / CHUNK); index * CHUNK < last; index += 1) fetchChunk(index);
  }

  function row(number) {
    const chunk = chunks.get(Math.floor(number / CHUNK));
    const line = document.createElement("div"), label = document.createElement("b");
    line.className = number === found ? "line hit" : "line";
    label.textContent = String(number + 1);
    line.append(label, cut(chunk?.lines?.[number % CHUNK] ?? ""));
    return line;
  }

  function cut(text) {
    const plain = text.replace(CODES, "");
    return plain.length > LINE_SHOWN_CHARS ? `${plain.slice(0, LINE_SHOWN_CHARS)} …` : plain;
  }

  async function fetchChunk(index) {
    const known = chunks.get(index);
    const wanted = Math.min(CHUNK, total - index * CHUNK);
    if (known && (known.isLoading || known.lines.length >= wanted)) return;
    const mine = era;
    chunks.delete(index);
    chunks.set(index, { isLoading: true, lines: known?.lines ?? [] });
    while (chunks.size > CHUNKS_KEPT) chunks.delete(chunks.keys().next().value);
    try {
      const lines = [];
      // Very long lines come in several answers.
      while (lines.length < wanted) {
        const page = await ask({ from_line: index * CHUNK + lines.length, lines: wanted - lines.length });
        if (mine !== era) return;
        if (page.lines.length === 0) break;
        lines.push(...page.lines);
      }
      chunks.set(index, { isLoading: false, lines });
      draw();
    } catch (error) {
      if (mine !== era) return;
      chunks.delete(index);
      said.textContent = String(error.message ?? error);
    }
  }

  // Many programs speak to stderr alone: an empty stdout is not shown in its place.
  let isChosen = false;
  async function hasErrors() {
    return stream.value === "stdout" && (await ask({ lines: 0, stream: "stderr" })).total_lines > 0;
  }

  let isRefreshing = false, refreshTimer = null;
  async function refresh() {
    refreshTimer = null;
    if (isRefreshing) return refreshSoon();
    isRefreshing = true;
    const mine = era;
    try {
      const answer = await ask({ lines: 0 });
      if (mine !== era) return;
      if (answer.total_lines === 0 && !isChosen && (await hasErrors())) {
        stream.value = "stderr";
        isRefreshing = false;
        startOver();
        return;
      }
      setTotal(answer.total_lines);
      if (total === 0 && box.classList.contains("ended")) said.textContent = box.dataset.empty;
      if (follow.checked) scrollTo(topMax()); else draw();
    } catch (error) {
      said.textContent = String(error.message ?? error);
    } finally {
      isRefreshing = false;
    }
  }
  function refreshSoon() { refreshTimer ??= setTimeout(refresh, REFRESH_MS); }

  // The file of the log that is looked at.
  function pointFile() {
    const file = element("log-file");
    if (!file) return;
    const url = new URL(file.href);
    url.searchParams.set("stream", stream.value);
    if (attempt) url.searchParams.set("attempt", attempt.value);
    file.href = url;
  }

  function startOver() {
    pointFile();
    era += 1;
    chunks = new Map();
    total = -1;
    setTotal(0);
    top = 0;
    found = -1;
    said.textContent = "";
    lines.replaceChildren();
    refresh();
  }

  box.addEventListener("scroll", () => {
    if (Math.abs(box.scrollTop - ownScroll) < 1) { ownScroll = -1; return; }
    const before = top;
    top = Math.min(topMax(), toLine(box.scrollTop));
    if (top < before) follow.checked = false;
    draw();
  });
  // With a million lines one pixel of the bar is many lines; the wheel still goes line by line.
  box.addEventListener("wheel", (event) => {
    if (!isScaled() || event.deltaY === 0) return;
    event.preventDefault();
    if (event.deltaY < 0) follow.checked = false;
    scrollTo(top + event.deltaY / LINE_PX);
  }, { passive: false });
  box.addEventListener("keydown", (event) => {
    const page = shownLines() - 1;
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    if (move < 0) follow.checked = false;
    scrollTo(top + move);
  });

  element("log-jump-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const line = Number.parseInt(jump.value, 10) - 1;
    if (Number.isNaN(line)) return;
    follow.checked = false;
    found = Math.min(Math.max(0, line), total - 1);
    scrollTo(found - Math.floor(shownLines() / 3));
  });

  element("log-search-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!needle.value) return;
    follow.checked = false;
    said.textContent = box.dataset.searching;
    try {
      let from = found + 1;
      for (;;) {
        const answer = await ask({ contains: needle.value, from_line: from });
        if (answer.line !== null) {
          found = answer.line;
          said.textContent = "";
          scrollTo(found - Math.floor(shownLines() / 3));
          return;
        }
        if (answer.next_line === null) break;
        from = answer.next_line; // the server looks through so much at once, and we ask on
      }
      said.textContent = found >= 0 ? box.dataset.noMore : box.dataset.notFound;
      found = -1;
      draw();
    } catch (error) {
      said.textContent = String(error.message ?? error);
    }
  });

  follow.addEventListener("change", () => { if (follow.checked) scrollTo(topMax()); });
  stream.addEventListener("change", () => { isChosen = true; startOver(); });
  attempt?.addEventListener("change", startOver);
  new ResizeObserver(draw).observe(box);
  document.addEventListener("job:changed", refreshSoon);
  // What the worker printed last may come after the word of its end.
  document.addEventListener("job:ended", () => { refreshSoon(); setTimeout(refreshSoon, 3000); });
  startOver();
})();
