// Says beside a rule what is wrong with it, as the answer of the preview has it.

const rulesOf = (root) => [...root.querySelectorAll("[data-rule]")].filter((row) => !row.parentElement.closest("[data-rules]"));

export function mark(root, preview) {
  for (const note of root.querySelectorAll("[data-note]")) note.remove();
  for (const row of root.querySelectorAll("[data-rule][aria-describedby]")) row.removeAttribute("aria-describedby");
  const rows = rulesOf(root);
  let marked = 0;
  for (const line of [...preview.querySelectorAll("[data-wrong]")]) {
    const row = rows[line.dataset.wrong];
    if (!row) continue;
    describe(row, line.textContent);
    line.remove();
    marked += 1;
  }
  const unfinished = preview.querySelector("[data-unfinished]");
  if (unfinished) unfinished.hidden = !marked;
}

function describe(row, words) {
  let note = row.querySelector(":scope > .rule-controls > [data-note]");
  if (!note) {
    note = document.createElement("p");
    note.className = "rule-wrong";
    note.dataset.note = "";
    note.id = `wrong-${Math.random().toString(36).slice(2)}`;
    row.querySelector(".rule-controls").append(note);
    row.setAttribute("aria-describedby", note.id);
  }
  note.textContent = note.textContent ? `${note.textContent} ${words}` : words;
}
