// Small manners of every page: keys, copying, questions before danger, sign-in by link, live rows.
"use strict";
(() => {
  const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !isTyping(event.target)) {
      const search = document.getElementById("search");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      if (event.target.id === "search") event.target.blur();
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
  });

  async function copy(button) {
    await writeClipboard(button.dataset.copy);
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  function writeClipboard(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Without TLS, away from loopback, browsers keep the clipboard shut to all but this old way.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    return Promise.resolve();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
      event.preventDefault();
      return;
    }
    if (form.method === "post") {
      // Twice clicked is once sent. Later, so that the button's own value still travels.
      setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }), 0);
    }
  });
  // A page that comes back from the browser's cache has its buttons again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("button:disabled").forEach((button) => { button.disabled = false; });
  });

  // Filters act when they change, without a button to press.
  document.addEventListener("change", (event) => {
    if (event.target.matches("form[data-auto] select")) event.target.form.requestSubmit();
  });

  // A token of an agent has no role: what would be left out can not be chosen.
  const tokenKind = document.getElementById("token-kind");
  const limitRole = () => {
    const role = document.querySelector("[data-not-for]");
    if (role) role.disabled = tokenKind.value === role.dataset.notFor;
  };
  tokenKind?.addEventListener("change", limitRole);
  if (tokenKind) limitRole();

  // Nobody looks: nothing is asked.
  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && event.target.dataset?.live !== undefined) event.preventDefault();
  });

  const byLink = document.getElementById("sign-in-by-link");
  function signInByLink() {
    if (!byLink || window.location.hash.length < 2) return;
    byLink.elements.secret.value = window.location.hash.slice(1);
    // Out of the address bar and the history before anything else can see it.
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    byLink.submit();
  }
  signInByLink();
  // A link that is pasted while the form is open loads no page.
  window.addEventListener("hashchange", signInByLink);
})();
