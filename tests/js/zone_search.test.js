import assert from "node:assert/strict";
import { test } from "node:test";

import { found, plain } from "../../static/campaigns/zone_search.js";

const ENTRIES = ["Zürich (UTC+1) Europe Zurich", "New York (UTC−5) America New York", "São Paulo America Sao Paulo"];
const entries = ENTRIES.map((text) => ({ text: plain(text) }));
const hits = (words) => found(entries, words).map((entry) => entries.indexOf(entry));

test("a city is found whatever the accents, the case and the order of the words", () => {
  assert.deepEqual(hits("zurich"), [0]);
  assert.deepEqual(hits("SÃO"), [2]);
  assert.deepEqual(hits("york new"), [1]);
  assert.deepEqual(hits("america"), [1, 2]);
  assert.deepEqual(hits("  "), [0, 1, 2]);
  assert.deepEqual(hits("nowhere"), []);
});
