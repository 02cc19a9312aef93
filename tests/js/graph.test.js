/** What documents may become: adding, connecting, removing, copying. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as graph from "../../static/flows/editor/graph.js";

const NEXT = [{ name: "next", label: "", tone: "plain" }];
const YES_NO = [{ name: "yes", label: "Yes", tone: "yes" }, { name: "no", label: "No", tone: "no" }];
const TYPES = {
  door: { key: "door", label: "Door", has_input: false, holding: [], ports: NEXT },
  act: { key: "act", label: "Act", has_input: true, holding: [], ports: NEXT },
  rest: { key: "rest", label: "Rest", has_input: true, holding: ["next"], ports: NEXT },
  ask: { key: "ask", label: "Ask", has_input: true, holding: [], ports: YES_NO },
};
const node = (id, type, config = {}) => ({ ...graph.newNode(id, TYPES[type], 0, 0), config });
const edge = (from, to, port = "next") => ({ from, port, to });
const doc = (nodes, edges = []) => ({ nodes, edges });

test("a graph comes back from the page as it was saved", () => {
  const saved = { nodes: [{ id: "n1", type: "door", x: 80, y: 80, config: { a: 1 } }, { id: "n2", type: "ask", x: 10, y: 0, config: {} }], edges: [edge("n1", "n2")] };
  const read = graph.fromPage({ ...saved, summaries: { n1: "All" }, problems: { n2: ["No rule."] }, ports: {} }, TYPES);
  assert.equal(read.nodes[0].summary, "All");
  assert.deepEqual(read.nodes[1].ports, YES_NO);
  assert.deepEqual(graph.toGraph(read), saved);
});

test("removing a node removes its edges and alters nothing in place", () => {
  const before = doc([node("a", "door"), node("b", "act"), node("c", "act")], [edge("a", "b"), edge("b", "c")]);
  const after = graph.remove(before, new Set(["b"]));
  assert.deepEqual(after.nodes.map((each) => each.id), ["a", "c"]);
  assert.deepEqual(after.edges, []);
  assert.equal(before.edges.length, 2);
});

test("moving keeps the identity of what did not move", () => {
  const before = doc([node("a", "door"), node("b", "act")]);
  const after = graph.move(before, new Map([["b", { x: 30, y: 40 }]]));
  assert.equal(after.nodes[0], before.nodes[0]);
  assert.deepEqual([after.nodes[1].x, after.nodes[1].y], [30, 40]);
});

test("a second edge from the same way out is refused with both names", () => {
  const drawn = doc([node("a", "ask"), node("b", "act"), node("c", "rest")], [edge("a", "b", "yes")]);
  assert.equal(graph.refusal(drawn, TYPES, edge("a", "c", "yes")), "“Yes” of “Ask” already leads to “Act”. Remove that connection first.");
  assert.equal(graph.refusal(drawn, TYPES, edge("a", "c", "no")), "");
});

test("nothing leads into a trigger, or from a shape to itself", () => {
  const drawn = doc([node("a", "door"), node("b", "act")]);
  assert.match(graph.refusal(drawn, TYPES, edge("b", "a")), /where contacts enter/);
  assert.match(graph.refusal(drawn, TYPES, edge("b", "b")), /itself/);
});

test("a loop is refused unless it passes a shape that can hold contacts", () => {
  const swift = doc([node("a", "act"), node("b", "act")], [edge("a", "b")]);
  assert.match(graph.refusal(swift, TYPES, edge("b", "a")), /loop/);
  const slow = doc([node("a", "act"), node("w", "rest"), node("b", "act")], [edge("a", "w"), edge("w", "b")]);
  assert.equal(graph.refusal(slow, TYPES, edge("b", "a")), "");
});

test("a loop is found although another branch rests", () => {
  const drawn = doc(
    [node("q", "ask"), node("w", "rest"), node("b", "act")],
    [edge("q", "w", "yes"), edge("q", "b", "no"), edge("w", "b")],
  );
  assert.match(graph.refusal(drawn, TYPES, edge("b", "q")), /loop/);
});

test("configuring drops the edges of ways out that are gone", () => {
  const drawn = doc([node("a", "ask"), node("b", "act"), node("c", "act")], [edge("a", "b", "yes"), edge("a", "c", "no")]);
  const after = graph.configure(drawn, "a", { config: { x: 1 }, summary: "S", problems: [], ports: [YES_NO[0]] });
  assert.deepEqual(after.edges, [edge("a", "b", "yes")]);
  assert.equal(after.nodes[0].summary, "S");
});

test("a copy has new ids, inner edges only, no trigger, and rules that point into the copy", () => {
  const rule = { rule: { all: [{ rule: "message", did: "clicked", node: "m" }, { rule: "message", node: "other" }] } };
  const drawn = doc(
    [node("t", "door"), node("m", "act"), node("q", "ask", rule), node("z", "act")],
    [edge("t", "m"), edge("m", "q"), edge("q", "z", "yes")],
  );
  const clip = graph.extract(drawn, new Set(["t", "m", "q"]), TYPES);
  const { doc: after, ids } = graph.paste(drawn, clip, 40, 40);
  assert.equal(ids.size, 2);
  const [copied, asking] = after.nodes.slice(4);
  assert.deepEqual(after.edges.slice(3), [edge(copied.id, asking.id)]);
  assert.equal(asking.config.rule.all[0].node, copied.id);
  assert.equal(asking.config.rule.all[1].node, "other");
  assert.deepEqual([copied.x, copied.y], [40, 40]);
  assert.ok(!["t", "m", "q", "z"].includes(copied.id));
});

test("a fresh id is never one that is taken", () => {
  const rolls = [0.5, 0.5, 0.25];
  const taken = graph.freshId(doc([]), () => 0.5);
  assert.notEqual(graph.freshId(doc([node(taken, "act")]), () => rolls.shift()), taken);
});

test("a shape is spoken with its summary, its contacts and what is wrong", () => {
  const waiting = { ...node("w", "rest"), summary: "7 days" };
  assert.equal(graph.spoken(waiting, TYPES, 1234), "Rest: 7 days, 1,234 contacts");
  assert.equal(graph.spoken({ ...waiting, summary: "", problems: ["Say how long."] }, TYPES), "Rest, needs attention: Say how long.");
});
