/** Undo, redo, previews and what counts as changed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as history from "../../static/page/history.js";
import { createStore } from "../../static/flows/editor/store.js";

const doc = (...ids) => ({ nodes: ids.map((id) => ({ id })), edges: [] });

test("undo and redo walk through the same documents", () => {
  const [a, b, c] = [doc("a"), doc("b"), doc("c")];
  let steps = history.push(history.push(history.begin(a), b), c);
  steps = history.undo(history.undo(steps));
  assert.equal(steps.present, a);
  assert.equal(history.undo(steps), steps);
  assert.equal(history.redo(history.redo(steps)).present, c);
});

test("a new step forgets what was undone, and only a hundred are kept", () => {
  let steps = history.begin(doc("0"));
  for (let n = 1; n <= 150; n += 1) steps = history.push(steps, doc(String(n)));
  assert.equal(steps.past.length, 100);
  steps = history.push(history.undo(steps), doc("other"));
  assert.deepEqual(steps.future, []);
});

test("a gesture with many previews is one step", () => {
  const first = doc("a");
  const store = createStore(first);
  let steps = 0;
  store.on("step", () => { steps += 1; });
  for (let n = 0; n < 9; n += 1) store.preview(doc("a", `b${n}`));
  store.commit(store.doc);
  assert.equal(steps, 1);
  store.undo();
  assert.equal(store.doc, first);
  assert.equal(store.canUndo, false);
});

test("a gesture that is broken off leaves nothing", () => {
  const first = doc("a");
  const store = createStore(first);
  store.preview(doc("b"));
  store.revert();
  assert.equal(store.doc, first);
  assert.equal(store.canUndo, false);
});

test("changed is told from what was saved, also after undoing back to it", () => {
  const store = createStore(doc("a"));
  store.commit(doc("a", "b"));
  assert.equal(store.changed, true);
  store.markSaved(store.doc);
  assert.equal(store.changed, false);
  store.commit(doc("a"));
  store.undo();
  assert.equal(store.changed, false);
});

test("what is gone is no longer chosen", () => {
  const store = createStore(doc("a", "b"));
  store.select(["a", "b"]);
  store.commit(doc("a"));
  assert.deepEqual([...store.selection.ids], ["a"]);
});

test("choosing and saving are no steps", () => {
  const store = createStore(doc("a"));
  store.select(["a"]);
  store.markSaved(store.doc);
  assert.equal(store.canUndo, false);
});
