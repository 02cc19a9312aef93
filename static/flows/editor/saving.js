/**
 * Saves. While the scenario runs, that keeps a draft beside the live version until it is published; else a dialog asks for
 * the objective and, where contacts are inside, what becomes of them. Pins what is wrong; tells when somebody was faster.
 */

import { openDialog } from "../../page/opening.js";
import { answersOf, fitObjective, objectiveOf } from "./answers.js";
import { toGraph } from "./graph.js";
import { post, trouble } from "./posting.js";

export function attachSaving(editor) {
  const { root, store } = editor;
  const { saveUrl, draftUrl, publishUrl, askedUrl, copyUrl, state } = root.dataset;
  const running = state === "running";
  const [dialog, conflict] = [document.getElementById("save-dialog"), document.getElementById("conflict-dialog")];
  if (!dialog) return; // only to look at
  const [form, error, asked] = ["form", "[data-error]", "[data-asked]"].map((part) => dialog.querySelector(part));
  const bar = root.querySelector("[data-draft-bar]");
  let base = editor.number;
  let leaving = false;

  async function ask() {
    if (!editor.may()) return;
    error.hidden = true;
    asked.replaceChildren();
    // Whom it concerns is said before anything is asked: the dialog must not grow under the pointer.
    if (base && state !== "draft") {
      const { status, text } = await post(askedUrl, { graph: toGraph(store.doc) });
      if (status === 200) asked.innerHTML = text; // a part of the page, made by the server as all of it
    }
    if (!dialog.open) openDialog(dialog);
  }
  function fail(sentences) {
    error.textContent = sentences.join(" ");
    error.hidden = false;
    error.scrollIntoView({ block: "nearest" });
  }
  function overtaken({ what, at, by }) {
    dialog.close();
    conflict.querySelector("[data-sentence]").textContent = `Somebody else saved ${what} at ${at}${by ? ` (${by})` : ""}, after you had opened this page.`;
    openDialog(conflict);
  }
  /** Something else is live, or kept as the draft, from now on. */
  function now(doc, number, draft, problems) {
    base = editor.number = number;
    editor.draft = draft;
    if (bar) {
      bar.hidden = !draft;
      bar.querySelector("[data-live]").textContent = number;
      bar.querySelector("[data-see-live]").href = root.dataset.versionUrl.replace(/0\/$/, `${number}/`);
    }
    editor.pin(problems);
    store.markSaved(doc);
  }

  async function keepDraft() {
    if (!editor.may()) return;
    const { doc } = store;
    const answer = await post(draftUrl, { graph: toGraph(doc), base, draft: editor.draft });
    const { draft, problems, refused, conflict: theirs } = answer.body;
    if (theirs) overtaken(theirs);
    else if (draft === undefined) {
      if (refused) editor.pin(refused);
      editor.say(refused ? refused.map((problem) => problem.message).join(" ") : trouble(answer));
    } else {
      now(doc, base, draft, problems);
      editor.say(draft ? `Draft saved. Contacts follow version ${base} until you publish it.` : `This is version ${base}, which is live: no draft is needed.`);
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[data-confirm]");
    button.disabled = true;
    const { doc } = store;
    const sent = { objective: objectiveOf(form), base, draft: editor.draft, ...answersOf(form), ...(running ? {} : { graph: toGraph(doc) }) };
    const answer = await post(running ? publishUrl : saveUrl, sent);
    button.disabled = false;
    const { number, problems, refused, conflict: theirs } = answer.body;
    if (number) {
      now(doc, number, "", problems);
      dialog.close();
      const rest = problems.length === 1 ? " One thing keeps it from starting." : ` ${problems.length} things keep it from starting.`;
      editor.say(running ? `Published: version ${number} is live.` : `Saved as version ${number}.${problems.length ? rest : ""}`);
    } else if (theirs) overtaken(theirs);
    else if (refused) {
      editor.pin(refused);
      fail(refused.map((problem) => problem.message));
    } else fail([trouble(answer)]);
  });
  fitObjective(form);

  const save = running ? keepDraft : ask;
  for (const button of root.querySelectorAll('[data-do="save"]')) button.addEventListener("click", save);
  for (const button of root.querySelectorAll('[data-do="publish"]')) button.addEventListener("click", ask);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) save();
  });
  for (const each of [dialog, conflict]) {
    each.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) each.close(); });
  }
  conflict.querySelector("[data-theirs]").addEventListener("click", () => {
    leaving = true;
    location.reload();
  });
  conflict.querySelector("[data-copy-mine]").addEventListener("click", async () => {
    const answer = await post(copyUrl, { graph: toGraph(store.doc), objective: objectiveOf(form) });
    if (!answer.body.url) return editor.say((answer.body.refused ?? []).map((problem) => problem.message).join(" ") || "The copy could not be saved.");
    leaving = true;
    location.assign(answer.body.url);
    return undefined;
  });
  addEventListener("beforeunload", (event) => { if (store.changed && !leaving) event.preventDefault(); });
}
