// The job page's ear: the server pushes what has changed; charts and log then ask for what they show.
"use strict";
(() => {
  const live = document.getElementById("live-job");
  if (!live || !live.dataset.stream) return;
  let source = null;

  function listen() {
    source = new EventSource(live.dataset.stream);
    source.addEventListener("job", (event) => {
      const open = [...live.querySelectorAll("details[open]")].map((item) => item.id);
      live.innerHTML = event.data; // made by our own template, escaped there
      document.title = live.querySelector("[data-title]")?.dataset.title ?? document.title;
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      document.dispatchEvent(new CustomEvent("job:changed"));
    });
    source.addEventListener("tick", () => document.dispatchEvent(new CustomEvent("job:changed")));
    source.addEventListener("end", () => {
      source.close();
      source = null;
      live.removeAttribute("data-stream");
      // Nothing is left to stop.
      for (const item of document.querySelectorAll("[data-ends]")) item.remove();
      document.dispatchEvent(new CustomEvent("job:changed"));
      document.dispatchEvent(new CustomEvent("job:ended"));
    });
  }

  // Browsers give a page few connections to one server: a hidden page lends its own to the others.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (live.dataset.stream && !source) {
      listen();
    }
  });
  if (!document.hidden) listen();
})();
