// Writing a template: fields are inserted where the cursor was, and a finding leads to its line.
const words = document.getElementById("words");
let last = document.getElementById("id_body");

words?.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea, input:not([type=radio])")) last = event.target;
});

document.addEventListener("click", (event) => {
  const insert = event.target.closest("[data-insert]");
  if (insert && last) {
    last.setRangeText(insert.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    insert.closest("details")?.removeAttribute("open");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const person = event.target.closest("[data-preview-as]");
  if (person) {
    const chosen = document.querySelector("input[name=contact][form=words]");
    chosen.value = person.dataset.previewAs;
    words.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const finding = event.target.closest("[data-line]");
  if (finding) goTo(document.getElementById(finding.dataset.field), Number(finding.dataset.line));
});

function goTo(field, line) {
  if (!field) return;
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  field.focus();
  field.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  if (field.tagName === "TEXTAREA") {
    const height = parseFloat(getComputedStyle(field).lineHeight) || 20;
    field.scrollTop = Math.max(0, (line - 4) * height);
  }
}
