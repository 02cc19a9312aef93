// Shows only the kinds of providers in whose name or description all that is typed stands.

const bar = document.querySelector("[data-find-kind]");
const find = bar.querySelector("[data-find]");
bar.hidden = false;

find.addEventListener("input", () => {
  const words = find.value.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const group of document.querySelectorAll("[data-group]")) {
    const kinds = [...group.querySelectorAll("[data-kind]")];
    for (const kind of kinds) kind.hidden = !words.every((word) => kind.dataset.kind.includes(word));
    group.hidden = kinds.every((kind) => kind.hidden);
    shown += kinds.filter((kind) => !kind.hidden).length;
  }
  bar.querySelector("[data-none]").hidden = shown > 0;
});
find.addEventListener("keydown", (event) => {
  if (event.key === "Enter") document.querySelector("[data-kind]:not([hidden])")?.click();
});
