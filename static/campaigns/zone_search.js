// Narrows the time zones on the preference page to those that are looked for, and offers that of this device.

export const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Which entries hold every word that is looked for, whatever its case and accents. */
export const found = (entries, words) => {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  return entries.filter((entry) => wanted.every((word) => entry.text.includes(word)));
};

const start = (box) => {
  const select = box.querySelector("select");
  const search = box.querySelector("[data-zones-search]");
  const none = box.querySelector("[data-zones-none]");
  const entries = [...select.options].map((option) => ({
    option,
    group: option.closest("optgroup"),
    // New_York is New York, too, and the city may be looked for by its English name.
    text: plain(`${option.label} ${option.value.replaceAll(/[_/]/g, " ")} ${option.closest("optgroup")?.label ?? ""}`),
  }));

  // Options are taken out rather than hidden: some phones show hidden ones.
  const narrow = () => {
    const wanted = new Set(found(entries, search.value));
    const chosen = select.selectedOptions[0];
    const shown = entries.filter((entry) => wanted.has(entry) || entry.option === chosen || entry.option.value === "");
    for (const group of select.querySelectorAll("optgroup")) {
      group.remove();
    }
    for (const { option, group } of shown) {
      if (group) {
        group.append(option);
        select.append(group);
      } else {
        select.append(option);
      }
    }
    for (const { option } of entries.filter((entry) => !shown.includes(entry))) {
      option.remove();
    }
    none.hidden = wanted.size > 0;
    // A list to look at while one searches; phones show their own.
    select.size = search.value.trim() && wanted.size ? 6 : 1;
  };

  search.hidden = false;
  search.addEventListener("input", narrow);
  // Enter looks for a city; it does not send the form.
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      select.focus();
    }
  });

  const here = box.querySelector("[data-zones-here]");
  const local = entries.find((entry) => entry.option.value === Intl.DateTimeFormat().resolvedOptions().timeZone);
  const show = () => {
    here.hidden = !local || local.option.selected;
  };
  if (local) {
    here.textContent = here.dataset.zonesHere.replace("CITY", local.option.label);
    here.addEventListener("click", () => {
      search.value = "";
      narrow();
      local.option.selected = true;
      show();
      select.focus();
    });
    select.addEventListener("change", show);
  }
  show();
};

if (globalThis.document) {
  for (const box of document.querySelectorAll("[data-zones]")) {
    start(box);
  }
}
