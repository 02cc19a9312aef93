/** The block editor: a design, its history, and the parts of the page that show it. */
import * as history from "../../page/history.js";
import { makeCanvas } from "./canvas.js";
import { el } from "./controls.js";
import * as designs from "./design.js";
import { makeInspector } from "./inspector.js";
import { makeReturning } from "./returning.js";
import { makeSaving } from "./saving.js";
import { attachTesting } from "./testing.js";

const page = document.getElementById("blocks");
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const known = read("blocks-known");
const editable = page.dataset.editable === "true";
const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
const subject = document.getElementById("id_subject");
const preheader = document.getElementById("id_preheader");
const find = (name) => page.querySelector(`[data-${name}]`);

let state = history.begin(read("blocks-design"));
let selected = null;
let asked = 0;
let contact = "";
let event = "";
let lastProblems = [];

const words = () => JSON.stringify({ design: state.present, subject: subject.value, preheader: preheader.value });
const saving = (page.dataset.doneUrl ? makeReturning : makeSaving)({ url: page.dataset.doneUrl ?? page.dataset.saveUrl, revision: Number(page.dataset.revision), headers, status: find("status"), words });
const canvas = makeCanvas(find("canvas"), { onSelect: select, onDrop: drop, onKey: keyed });
const inspector = makeInspector(find("inspector"), known, { change, act, upload });
saving.begin();

/** One step of work. Changes to the same field within a moment are one step to undo. */
let lastChange = { at: 0, what: "" };
function change(work, what = `${selected}`) {
  if (!editable) return;
  const next = work(state.present);
  if (next === state.present) return;
  const now = Date.now();
  const same = what === lastChange.what && now - lastChange.at < 800 && state.past.length;
  state = same ? { ...state, present: next, future: [] } : history.push(state, next);
  lastChange = { at: now, what };
  changed();
}

function step(move) {
  state = move(state);
  lastChange = { at: 0, what: "" };
  if (selected && !designs.find(state.present, selected)) selected = null;
  inspector.show(state.present, selected, true);
  changed();
}

let drawing = null;
function changed() {
  find("undo").disabled = !state.past.length;
  find("redo").disabled = !state.future.length;
  drawOutline();
  saving.changed();
  clearTimeout(drawing);
  drawing = setTimeout(draw, 120);
}

async function draw() {
  const mine = ++asked;
  const body = JSON.stringify({ ...JSON.parse(words()), contact, event });
  try {
    const answer = await fetch(page.dataset.renderUrl, { method: "POST", headers, body });
    const told = await answer.json();
    if (mine !== asked) return;
    if (!answer.ok) {
      showFindings([{ sentence: told.detail, fatal: true }]);
      return;
    }
    if (told.html) canvas.show(told.html);
    find("shown-subject").textContent = told.subject || "(no subject)";
    find("shown-preheader").textContent = told.preheader;
    find("as").textContent = `As ${told.contact.name}`;
    drawEvents(told.events);
    inspector.blame((lastProblems = told.problems), selected);
    const places = lastProblems.map((one) => ({ ...one, sentence: `${nameOf(one.place)}: ${one.sentence}`, fatal: true }));
    const broken = told.error ? [{ sentence: told.error, fatal: true }] : [];
    showFindings([...broken, ...places, ...told.findings]);
  } catch {
    showFindings([{ sentence: "The server cannot be reached, so that the mail is not drawn anew.", fatal: true }]);
  }
}

function nameOf(id) {
  const one = id && designs.get(state.present, id);
  return one ? known.kinds[one.type]?.label ?? "Section" : "The whole mail";
}

function showFindings(findings) {
  find("findings").replaceChildren(
    ...findings.map((one) => {
      const line = el("li", { className: `notice ${one.fatal ? "danger" : "warning"}` }, el("span", { textContent: one.sentence }));
      if (one.place && one.place !== "look") {
        line.append(el("button", { type: "button", className: "link", textContent: "Show", onclick: () => select(one.place) }));
      }
      return line;
    }),
  );
}

function select(id) {
  selected = id && designs.find(state.present, id) ? id : null;
  canvas.select(selected);
  inspector.show(state.present, selected);
  inspector.blame(lastProblems, selected);
  for (const row of find("outline").querySelectorAll("[data-id]")) {
    row.setAttribute("aria-current", row.dataset.id === selected ? "true" : "false");
  }
}

/** Where something new goes without being dropped: after what is selected, else at the end. */
function nextPlace() {
  const at = selected && designs.find(state.present, selected);
  const section = at ? state.present.sections[at.section] : state.present.sections.at(-1);
  if (!section) return null;
  if (!at || at.column < 0) return { section: section.id, column: 0, before: null };
  return { section: section.id, column: at.column, before: section.columns[at.column][at.place + 1]?.id ?? null };
}

function add(type, where) {
  const block = designs.newBlock(type, known.kinds[type].defaults);
  change((now) => {
    if (where) return designs.insert(now, block, where);
    const section = designs.newSection("1", 1);
    return designs.insert(designs.insertSection(now, section), block, { section: section.id, column: 0 });
  }, block.id);
  select(block.id);
}

function addSection(layout) {
  const at = selected && designs.find(state.present, selected);
  const section = designs.newSection(layout, known.layouts[layout].length);
  change((now) => designs.insertSection(now, section, at ? now.sections[at.section].id : null), section.id);
  select(section.id);
}

function drop(what, where) {
  const [verb, rest] = what.split(":");
  if (verb === "add" && known.kinds[rest]) add(rest, where);
  if (verb === "section" && known.layouts[rest]) {
    selected = where.section;
    addSection(rest);
  }
  if (verb === "move" && designs.find(state.present, rest)) {
    change((now) => designs.move(now, rest, where), `move ${rest}`);
    select(rest);
  }
}

function act(name) {
  if (name === "undo") return step(history.undo);
  if (name === "redo") return step(history.redo);
  if (!selected) return undefined;
  const id = selected;
  if (name === "up") change((now) => designs.shift(now, id, -1), `move ${id} ${Date.now()}`);
  if (name === "down") change((now) => designs.shift(now, id, 1), `move ${id} ${Date.now()}`);
  if (name === "remove") {
    const places = designs.order(state.present);
    const next = places[places.indexOf(id) + 1] ?? places[places.indexOf(id) - 1] ?? null;
    change((now) => designs.remove(now, id), `remove ${id}`);
    select(next);
  }
  if (name === "duplicate") {
    let copy = id;
    change((now) => {
      const [made, its] = designs.duplicate(now, id);
      copy = its;
      return made;
    }, `copy ${id} ${Date.now()}`);
    select(copy);
  }
  return undefined;
}

function keyed(pressed) {
  const typing = pressed.target.closest?.("input, textarea, select, [contenteditable=true]");
  const command = pressed.ctrlKey || pressed.metaKey;
  const key = pressed.key.toLowerCase();
  let does = null;
  if (command && key === "z") does = pressed.shiftKey ? "redo" : "undo";
  else if (command && key === "y") does = "redo";
  else if (!typing && command && key === "d") does = "duplicate";
  else if (!typing && (key === "delete" || key === "backspace")) does = "remove";
  else if (!typing && pressed.altKey && key === "arrowup") does = "up";
  else if (!typing && pressed.altKey && key === "arrowdown") does = "down";
  // In a field, undoing is the field's own.
  if (!does || (typing && pressed.target.ownerDocument === document && (does === "undo" || does === "redo"))) return;
  pressed.preventDefault();
  act(does);
}

async function upload(file) {
  const form = new FormData();
  form.append("picture", file);
  const answer = await fetch(page.dataset.uploadUrl, { method: "POST", headers: { "X-CSRFToken": token }, body: form });
  const told = await answer.json().catch(() => ({ detail: "The picture could not be uploaded." }));
  if (!answer.ok) throw new Error(told.detail);
  return told;
}

function drawOutline() {
  const rows = designs.order(state.present).map((id) => {
    const one = designs.get(state.present, id);
    const label = one.columns ? `Section ${one.layout.replaceAll("-", " : ")}` : known.kinds[one.type].label;
    const words = one.columns ? "" : String(one.values.text ?? one.values.html ?? "").replace(/<[^>]*>/g, " ").trim();
    return el(
      "button",
      { type: "button", className: one.columns ? "section" : "block", "data-id": id, onclick: () => select(id) },
      el("span", { textContent: label }),
      el("span", { className: "muted", textContent: words.slice(0, 40) }),
    );
  });
  find("outline").replaceChildren(...rows);
}

function drawEvents(events) {
  const box = find("events");
  const options = [el("option", { value: "", textContent: "Without an event" })].concat(
    events.map((one) => el("option", { value: one.id, selected: String(one.id) === event, textContent: `${one.name}, ${new Date(one.at).toLocaleString()}` })),
  );
  box.replaceChildren(...options);
  box.hidden = !events.length;
}

page.addEventListener("click", (clicked) => {
  const target = clicked.target;
  const adds = target.closest("[data-add]");
  const section = target.closest("[data-section]");
  const does = target.closest("[data-act]");
  const person = target.closest("[data-preview-as]");
  if (adds) add(adds.dataset.add, nextPlace());
  if (section) addSection(section.dataset.section);
  if (does) act(does.dataset.act);
  if (target.closest("[data-whole]")) select(null);
  if (person) {
    contact = person.dataset.previewAs;
    event = "";
    person.closest("details").open = false;
    draw();
  }
});

page.addEventListener("dragstart", (begun) => {
  const { add: type, section } = begun.target.dataset ?? {};
  if (type) begun.dataTransfer.setData("text/plain", `add:${type}`);
  if (section) begun.dataTransfer.setData("text/plain", `section:${section}`);
});
for (const choice of page.querySelectorAll("input[name=width]")) {
  choice.addEventListener("change", () => {
    find("canvas").className = `mail ${choice.value}`;
    setTimeout(canvas.refresh, 250);
  });
}
find("events").addEventListener("change", (chosen) => {
  event = chosen.target.value;
  draw();
});
for (const line of [subject, preheader]) line.addEventListener("input", changed);
// Publishing is a form of its own: what is on the page is saved before.
for (const form of document.querySelectorAll("form[data-after-save]")) {
  form.addEventListener("submit", async (sent) => {
    if (form.dataset.ready) return;
    sent.preventDefault();
    if (await saving.save()) {
      form.dataset.ready = "yes";
      // Not while this very submission is still being told about: it would be ignored.
      setTimeout(() => form.requestSubmit(sent.submitter));
    }
  });
}
document.addEventListener("keydown", keyed);
addEventListener("resize", canvas.refresh);
attachTesting(saving, () => `contact=${contact}&event=${event}`);
drawOutline();
inspector.show(state.present, null);
draw();
