/** Holds the document, what is chosen, and what was saved, and tells whoever listens. It knows nothing of the page. */

import * as history from "../../page/history.js";
import { edgeOf, nodeOf } from "./graph.js";

/** Events: "doc" (drawn content changed), "step" (a change that can be undone), "selection", "saved". */
export function createStore(doc) {
  let steps = history.begin(doc);
  let shown = doc;
  let saved = doc;
  let selection = { ids: new Set(), edge: null };
  const listeners = { doc: [], step: [], selection: [], saved: [] };
  const tell = (...kinds) => kinds.forEach((kind) => listeners[kind].forEach((listener) => listener()));

  function show(next, ...kinds) {
    shown = next;
    const ids = new Set([...selection.ids].filter((id) => nodeOf(shown, id)));
    const edge = selection.edge && edgeOf(shown, selection.edge) ? selection.edge : null;
    const lost = ids.size !== selection.ids.size || edge !== selection.edge;
    if (lost) selection = { ids, edge };
    tell("doc", ...kinds, ...(lost ? ["selection"] : []));
  }

  return {
    get doc() { return shown; },
    get selection() { return selection; },
    get changed() { return steps.present !== saved; },
    get canUndo() { return steps.past.length > 0; },
    get canRedo() { return steps.future.length > 0; },
    on(kind, listener) { listeners[kind].push(listener); },
    /** Shows a document in the middle of a gesture; nothing to undo yet. */
    preview(next) {
      // Called for every move of the pointer, and no gesture removes what is chosen: nothing to look up.
      shown = next;
      tell("doc");
    },
    /** Drops a preview. */
    revert() { if (shown !== steps.present) show(steps.present); },
    /** Ends a gesture: one step. */
    commit(next) {
      const before = steps;
      steps = history.push(steps, next);
      show(steps.present, ...(steps === before ? [] : ["step"]));
    },
    undo() { steps = history.undo(steps); show(steps.present, "step"); },
    redo() { steps = history.redo(steps); show(steps.present, "step"); },
    /** `doc` is what the server now has. */
    markSaved(doc) { saved = doc; tell("saved"); },
    /** Chooses shapes (ids) or one edge (its key). */
    select(ids, edge = null) {
      selection = { ids: new Set(ids), edge };
      tell("selection");
    },
  };
}
