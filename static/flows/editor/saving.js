/** Saves: asks for the objective, sends the graph, pins what is wrong, and tells when somebody else was faster. */

import { toGraph } from "./graph.js";

async function post(url, body) {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const json = answer.headers.get("Content-Type")?.startsWith("application/json");
  return { status: answer.status, body: json ? await answer.json() : {} };
}

/** Only what belongs to the chosen kind of objective. */
function objectiveOf(form) {
  const fields = Object.fromEntries(new FormData(form));
  if (!fields.kind) return {};
  return {
    kind: fields.kind,
    // A filter set through the API stays as it is; this dialog does not ask for one.
    ...(fields.kind === "event" ? { event: fields.event.trim(), ...(form.dataset.filter ? { filter: JSON.parse(form.dataset.filter) } : {}) } : {}),
    ...(fields.within_days ? { within_days: Number(fields.within_days) } : {}),
  };
}

export function attachSaving(editor) {
  const { root, store } = editor;
  const { saveUrl, copyUrl, renameUrl, leavingUrl, state } = root.dataset;
  const [dialog, conflict] = [document.getElementById("save-dialog"), document.getElementById("conflict-dialog")];
  const [form, error] = [dialog.querySelector("form"), dialog.querySelector("[data-error]")];
  let base = Number(root.dataset.number) || 0;
  let leaving = false;

  function ask() {
    if (!editor.may()) return;
    error.hidden = true;
    dialog.showModal();
    warn();
  }
  /** Who waits at a shape that is gone leaves the scenario: said before, not after. */
  async function warn() {
    const line = dialog.querySelector("[data-leaving]");
    line.hidden = true;
    if (state === "draft" || !base) return;
    const { body } = await post(leavingUrl, { graph: toGraph(store.doc) }).catch(() => ({ body: {} }));
    const n = body.contacts ?? 0;
    line.textContent = `${n.toLocaleString("en")} ${n === 1 ? "contact waits" : "contacts wait"} at shapes that you removed and will leave the scenario.`;
    line.hidden = !n;
  }
  function fail(sentences) {
    error.textContent = sentences.join(" ");
    error.hidden = false;
  }

  const fit = () => {
    const kind = form.elements.kind.value;
    form.querySelector("[data-for=event]").hidden = kind !== "event";
    form.elements.event.required = kind === "event";
    form.querySelector("[data-for=days]").hidden = !kind;
  };
  form.addEventListener("change", fit);
  fit();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[data-confirm]");
    button.disabled = true;
    const { doc } = store;
    const sent = { graph: toGraph(doc), objective: objectiveOf(form), base };
    const answer = await post(saveUrl, sent).catch(() => ({ status: 0, body: {} }));
    button.disabled = false;
    const { number, problems, refused, conflict: theirs } = answer.body;
    if (number) {
      base = editor.number = number;
      editor.pin(problems);
      store.markSaved(doc);
      dialog.close();
      const rest = problems.length === 1 ? " One thing keeps it from starting." : ` ${problems.length} things keep it from starting.`;
      editor.say(`Saved as version ${number}.${problems.length ? rest : ""}`);
    } else if (theirs) {
      dialog.close();
      const by = theirs.by ? ` (${theirs.by})` : "";
      conflict.querySelector("[data-sentence]").textContent = `Somebody else saved version ${theirs.number} at ${theirs.at}${by}, after you had opened this one.`;
      conflict.showModal();
    } else if (refused) {
      editor.pin(refused);
      fail(refused.map((problem) => problem.message));
    } else fail([answer.status ? "That could not be saved. Open the page in another tab, sign in there if need be, and try again here." : "The server cannot be reached. Nothing is lost; try again."]);
  });

  for (const button of root.querySelectorAll('[data-do="save"]')) button.addEventListener("click", ask);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) ask();
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

  const name = root.querySelector("[data-name]");
  let known = name.value;
  name.addEventListener("change", async () => {
    const answer = await post(renameUrl, { name: name.value });
    if (answer.body.name) {
      known = name.value = answer.body.name;
      document.title = `${known} · Waypost`;
      editor.say("Renamed.");
    } else {
      name.value = known;
      editor.say(answer.body.refused ?? "The name could not be changed.");
    }
  });
  document.body.addEventListener("scenario-settings", ({ detail }) => {
    known = name.value = detail.name;
    document.title = `${known} · Waypost`;
    editor.say("Settings kept.");
  });
  name.addEventListener("keydown", (event) => { if (event.key === "Enter") name.blur(); });
}
