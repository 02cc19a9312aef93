/** Puts the editor together: every gesture is a module that gets this one object. */

import { createAnnouncer } from "./announce.js";
import { createCanvas } from "./canvas.js";
import { createCommands } from "./commands.js";
import { attachConnect } from "./connect.js";
import { createEdges } from "./edges.js";
import { fromPage } from "./graph.js";
import { attachInspector } from "./inspector.js";
import { attachKeyboard } from "./keyboard.js";
import { attachLiveCounts } from "./live_counts.js";
import { attachMinimap } from "./minimap.js";
import { attachMove } from "./move.js";
import { attachNaming } from "./naming.js";
import { attachNumbers } from "./numbers.js";
import { attachPanZoom, createView } from "./pan_zoom.js";
import { attachPlace } from "./place.js";
import { attachReadiness } from "./readiness.js";
import { attachSaving } from "./saving.js";
import { attachSelect } from "./select.js";
import { attachStatistics } from "./statistics.js";
import { createStore } from "./store.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);

function open(root) {
  const types = Object.fromEntries(read("node-types").map((type) => [type.key, type]));
  const page = read("scenario-graph");
  const store = createStore(fromPage(page, types));
  const viewport = root.querySelector(".canvas");
  const world = viewport.querySelector(".world");
  const layer = world.querySelector("svg");
  const view = createView(viewport, world);
  const drawEdges = createEdges({ layer, handles: world.querySelector(".handles"), store });
  const canvas = createCanvas({ world, viewport, types, store, view, drawEdges, marks: page.marks, waitingUrl: root.dataset.waitingUrl });
  const { readOnly } = root.dataset; // why nothing may be changed, as a sentence, or empty

  const editor = {
    root, types, store, viewport, view, layer, canvas,
    guides: viewport.querySelector(".guides"),
    number: Number(root.dataset.number) || 0, // of the live version
    draft: root.dataset.draft, // the stamp of the draft that is edited beside it, or empty
    say: createAnnouncer(document.getElementById("editor-say")),
    readOnly: () => Boolean(readOnly),
    keepsTrigger: () => root.dataset.keepsTrigger === "true",
    /** Whether the drawing may be changed; says why where it may not. */
    may() {
      if (readOnly) editor.say(readOnly);
      return !readOnly;
    },
  };
  view.begin(store.doc.nodes);
  canvas.flush();
  attachConnect(editor); // first: a click that ends a connection chooses nothing
  attachSelect(editor);
  attachMove(editor);
  attachPanZoom(editor);
  attachPlace(editor);
  attachInspector(editor);
  editor.commands = createCommands(editor);
  attachKeyboard(editor);
  attachMinimap(editor);
  attachReadiness(editor, page.found);
  attachNaming(editor);
  attachSaving(editor);
  attachNumbers(editor);
  editor.statistics = attachStatistics(editor);
  attachLiveCounts(editor);
  const empty = viewport.querySelector(".canvas-empty");
  const showEmpty = () => { empty.hidden = store.doc.nodes.length > 0; };
  store.on("doc", showEmpty);
  showEmpty();
  root.classList.add("ready");
}

open(document.getElementById("editor"));
