/** The tidy layout: left to right, yes above no, nothing on top of another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { index } from "../../static/flows/editor/graph.js";
import { inPoint, intersects, outPoint, rectOf, GRID } from "../../static/flows/editor/geometry.js";
import { layout } from "../../static/flows/editor/layout.js";

const ports = (...names) => names.map((name) => ({ name, label: name, tone: "plain" }));
const TYPES = { door: { has_input: false }, act: { has_input: true } };
const node = (id, names = ["next"], type = "act") => ({ id, type, x: 0, y: 0, config: {}, ports: ports(...names) });
const edge = (from, to, port = "next") => ({ from, port, to });

function placed(doc) {
  const places = layout(doc, TYPES);
  return new Map(doc.nodes.map((each) => [each.id, { ...each, ...places.get(each.id) }]));
}

function assertNoOverlap(nodes) {
  const all = [...nodes.values()];
  all.forEach((a, n) => all.slice(n + 1).forEach((b) => assert.ok(!intersects(rectOf(a), rectOf(b)), `${a.id} covers ${b.id}`)));
}

/** A small generator of numbers, the same in every run. */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

function randomTree(count, seed) {
  const pick = numbers(seed);
  const nodes = [node("n0", ["next"], "door")];
  const edges = [];
  const free = [["n0", "next"]];
  for (let n = 1; n < count && free.length; n += 1) {
    const [from, port] = free.splice(pick(free.length), 1)[0];
    const names = pick(3) ? ["yes", "no"] : ["next"];
    nodes.push(node(`n${n}`, names));
    edges.push(edge(from, `n${n}`, port));
    free.push(...names.map((name) => [`n${n}`, name]));
  }
  return { nodes, edges };
}

test("yes is above no, whichever edge was drawn first", () => {
  const doc = {
    nodes: [node("t", ["next"], "door"), node("q", ["yes", "no"]), node("a"), node("b")],
    edges: [edge("q", "b", "no"), edge("t", "q"), edge("q", "a", "yes")],
  };
  const at = placed(doc);
  assert.ok(at.get("a").y < at.get("b").y);
  assert.equal(at.get("a").x, at.get("b").x);
  assert.ok(at.get("t").x < at.get("q").x && at.get("q").x < at.get("a").x);
});

test("every edge leads to the right, except those that close a loop", () => {
  const doc = {
    nodes: [node("t", ["next"], "door"), node("a"), node("q", ["yes", "no"]), node("z"), node("m")],
    edges: [edge("t", "a"), edge("a", "q"), edge("q", "z", "yes"), edge("q", "a", "no"), edge("z", "m")],
  };
  const at = placed(doc);
  for (const { from, to, port } of doc.edges) if (port !== "no") assert.ok(at.get(from).x < at.get(to).x, `${from} ${to}`);
});

test("what two branches lead to stands right of both", () => {
  const doc = {
    nodes: [node("t", ["yes", "no"], "door"), node("a"), node("b"), node("m")],
    edges: [edge("t", "m", "yes"), edge("t", "a", "no"), edge("a", "b"), edge("b", "m")],
  };
  const at = placed(doc);
  assert.ok(at.get("m").x > at.get("b").x);
  assertNoOverlap(at);
});

test("random trees: nothing overlaps, everything is on the grid, no two edges of neighbouring columns cross", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const doc = randomTree(120, seed);
    const at = placed(doc);
    assertNoOverlap(at);
    for (const each of at.values()) assert.ok(each.x % GRID === 0 && each.y % GRID === 0);
    const lines = doc.edges.map(({ from, to, port }) => [outPoint(at.get(from), port), inPoint(at.get(to))]);
    for (const [a, b] of lines) {
      for (const [c, d] of lines) {
        if (a.x === c.x && b.x === d.x && a.y < c.y) assert.ok(b.y <= d.y, "two edges cross");
      }
    }
  }
});

test("shapes without a connection are laid out too", () => {
  const doc = { nodes: [node("t", ["next"], "door"), node("a"), node("lost"), node("also")], edges: [edge("t", "a")] };
  const at = placed(doc);
  assertNoOverlap(at);
  assert.ok(at.get("lost").y > at.get("a").y);
});

test("a chain of 2,000 is laid out without running out of stack, quickly", () => {
  const nodes = Array.from({ length: 2000 }, (_, n) => node(`n${n}`, ["next"], n ? "act" : "door"));
  const doc = { nodes, edges: nodes.slice(1).map((each, n) => edge(`n${n}`, each.id)) };
  const before = performance.now();
  assert.equal(layout(doc, TYPES).size, 2000);
  assert.ok(performance.now() - before < 500);
  assert.equal(index(doc).nodes.size, 2000);
});
