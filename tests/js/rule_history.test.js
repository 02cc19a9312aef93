import assert from "node:assert/strict";
import { test } from "node:test";

import { divided } from "../../static/contacts/rule_chips.js";
import { History } from "../../static/contacts/rule_history.js";
import { put } from "../../static/contacts/rule_reading.js";

test("what is done is undone step by step, and done again", () => {
  const history = new History("a");
  history.note("b");
  history.note("c");
  assert.equal(history.undo(), "b");
  assert.equal(history.undo(), "a");
  assert.equal(history.undo(), null);
  assert.equal(history.redo(), "b");
  history.note("d");
  assert.equal(history.redo(), null, "another way was taken");
  assert.equal(history.undo(), "b");
});

test("typing on in one place is one step, and what the server adds belongs to the step before", () => {
  const history = new History("");
  const [here, there] = [{}, {}];
  for (const text of ["p", "pa", "par"]) history.note(text, here);
  history.note("par, x", there);
  assert.equal(history.undo(), "par");
  assert.equal(history.undo(), "");
  history.note("kind");
  history.amend("kind with its controls");
  assert.equal(history.undo(), "");
  assert.equal(history.redo(), "kind with its controls");
});

test("a list of values is divided at commas, but not within quotation marks", () => {
  assert.deepEqual(divided('Paris, "Lyon, Rhône" ,, Nice\nBrest'), ["Paris", "Lyon, Rhône", "Nice", "Brest"]);
});

test("a key with dots goes inside, and what is empty is left out", () => {
  const rule = {};
  put(rule, "when.op", "between");
  put(rule, "when.value", []);
  put(rule, "name", "");
  assert.deepEqual(rule, { when: { op: "between" } });
});
