// Lists, groups and unions of a run's form: items come and go, and what is not given is neither shown nor asked for.
"use strict";
(() => {
  const form = document.querySelector("form.start");
  if (!form) return;
  // Disabled fields are not checked by the browser, and not sent.
  const give = (part, isGiven) => {
    part.hidden = !isGiven;
    part.inert = !isGiven;
    for (const field of part.querySelectorAll("input, select, textarea")) {
      field.disabled = field.closest("[data-part][hidden], [data-alternative][hidden]") !== null;
    }
  };

  function settle(root) {
    for (const box of root.querySelectorAll("[data-switch]")) {
      give(box.closest("fieldset").querySelector(":scope > [data-part]"), box.checked);
    }
    for (const select of root.querySelectorAll("[data-union]")) {
      for (const part of select.parentElement.querySelectorAll(":scope > [data-alternative]")) {
        give(part, part.dataset.alternative === select.value);
      }
    }
    for (const list of root.querySelectorAll("[data-items]")) {
      [...list.children].forEach((item, index) => {
        item.querySelector(":scope > [data-number]").textContent = index + 1;
      });
    }
  }

  function add(button) {
    const list = button.parentElement.querySelector(":scope > [data-items]");
    const template = button.parentElement.querySelector(":scope > template");
    const numbers = [...list.children].map((item) => {
      return Number(item.querySelector(":scope > input").name.match(/([0-9]+)#$/)[1]);
    });
    const next = Math.max(-1, ...numbers) + 1;
    const holder = document.createElement("div");
    holder.innerHTML = template.innerHTML.replaceAll(template.dataset.new, next);
    list.append(...holder.children);
    settle(form);
    list.lastElementChild.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add], [data-remove]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.add !== undefined) {
      add(button);
    } else {
      const adder = button.closest("fieldset.nest > .items").parentElement.querySelector(":scope > [data-add]");
      button.closest("[data-item]").remove();
      settle(form);
      adder.focus();
    }
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-switch], [data-union]")) settle(form);
  });
  settle(form);
})();
