// Rows of the list of contacts are ticked: one by one, a range with Shift, a page, or all that match the filters.
// `[data-selection]` is the form around the list; its `all` says that the filters are meant, and not the ticked ones.

function start(form) {
  const bar = form.querySelector("[data-selection-bar]");
  const all = form.elements.all;
  const page = form.querySelector("[data-select-page]");
  const matching = form.querySelector("[data-select-matching]");
  const merge = form.querySelector("[data-merge]");
  const boxes = [...form.querySelectorAll('input[name="ids"]')];
  let last = null;

  function ticked() {
    return boxes.filter((box) => box.checked);
  }

  function show() {
    const chosen = ticked().length;
    page.checked = chosen === boxes.length;
    page.indeterminate = chosen > 0 && chosen < boxes.length;
    bar.hidden = chosen === 0;
    matching.hidden = all.value === "1" || chosen < boxes.length;
    if (merge) merge.hidden = chosen !== 2 || all.value === "1";
    if (all.value !== "1") bar.querySelector("[data-selected]").textContent = `${chosen} selected`;
  }

  function tick(some, checked) {
    for (const box of some) box.checked = checked;
    all.value = "";
    show();
  }

  for (const box of boxes) {
    box.addEventListener("click", (event) => {
      const place = boxes.indexOf(box);
      if (event.shiftKey && last !== null) {
        tick(boxes.slice(Math.min(last, place), Math.max(last, place) + 1), box.checked);
      } else {
        tick([box], box.checked);
      }
      last = place;
    });
  }

  page.addEventListener("change", () => tick(boxes, page.checked));
  form.querySelector("[data-select-none]").addEventListener("click", () => {
    tick(boxes, false);
    page.focus();
  });

  matching.addEventListener("click", async () => {
    tick(boxes, true);
    all.value = "1";
    bar.querySelector("[data-selected]").textContent = "All that match selected";
    show();
    const answer = await fetch(form.dataset.countUrl);
    if (answer.ok && all.value === "1") {
      bar.querySelector("[data-selected]").textContent = `All ${(await answer.text()).trim()} selected`;
    }
  });

  merge?.addEventListener("click", () => {
    const [kept, gone] = ticked().map((box) => box.value);
    // The one further down is the older one, who is kept.
    window.location.assign(merge.dataset.merge.replace("/0/merge/0/", `/${gone}/merge/${kept}/`));
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !bar.hidden && !bar.querySelector("details[open]")) tick(boxes, false);
  });
  // Enter in the list follows links and presses buttons; it sends nothing.
  form.addEventListener("submit", (event) => {
    if (!event.submitter?.formAction || !event.submitter.hasAttribute("formaction")) event.preventDefault();
  });

  // A browser that comes back restores the ticks.
  all.value = "";
  show();
}

document.querySelectorAll("[data-selection]").forEach(start);
