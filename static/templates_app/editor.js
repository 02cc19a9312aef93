// Writing a template: the draft is kept by itself, a step is undone, and a finding leads to its line.
import { makeSaving } from "./blocks/saving.js";

const words = document.getElementById("words");
let last = document.getElementById("id_body");

words?.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea, input:not([type=radio])")) last = event.target;
});

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) {
    last?.focus();
    document.execCommand(step.dataset.step);
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

// A campaign's page has the same form for its variants, and saves it itself.
if (words?.dataset.editable === "true") keepByItself();

function keepByItself() {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const { revision } = words.elements;
  const kept = () => {
    const names = ["subject", "preheader", "markup", "body"];
    const fields = new FormData(words);
    return JSON.stringify(Object.fromEntries(names.filter((name) => fields.has(name)).map((name) => [name, fields.get(name)])));
  };
  const saving = makeSaving({
    url: words.dataset.saveUrl,
    revision: revision.value,
    headers: { "X-CSRFToken": token },
    status: document.querySelector("[data-status]"),
    words: kept,
    write: (sent) => new URLSearchParams(sent),
    told: (found) => (revision.value = found),
  });
  // What was typed before this module was there is unsaved, too.
  const typed = [...words.querySelectorAll("textarea, input[type=text]")].some((field) => field.value !== field.defaultValue);
  if (typed) saving.changed();
  else saving.begin();
  for (const happening of ["input", "change"]) words.addEventListener(happening, saving.changed);
  // What is being kept at this moment has to be told of its revision first.
  words.addEventListener("submit", async (sent) => {
    if (words.dataset.ready) return;
    sent.preventDefault();
    if (!(await saving.settled())) return;
    words.dataset.ready = "yes";
    setTimeout(() => words.requestSubmit(sent.submitter));
  });
}

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
