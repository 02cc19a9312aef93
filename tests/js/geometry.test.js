/** Sizes, curves and views. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as geometry from "../../static/flows/editor/geometry.js";

const node = (x, y, ports = 1) => ({ x, y, ports: Array.from({ length: ports }, (_, n) => ({ name: `p${n}` })) });

test("positions snap to the grid of 10", () => {
  assert.deepEqual([4, 5, 14.9, -6].map(geometry.snap), [0, 10, 10, -10]);
});

test("ways out are 32 px apart, in their order, centred on the card", () => {
  const four = node(0, 0, 4);
  const heights = four.ports.map((port) => geometry.outPoint(four, port.name).y);
  assert.deepEqual(heights.slice(1).map((y, place) => y - heights[place]), [32, 32, 32]);
  assert.equal((heights[0] + heights[3]) / 2, geometry.inPoint(four).y);
  assert.ok(heights[0] >= 16 && heights[3] <= geometry.heightOf(four) - 16);
});

test("zooming keeps the point under the pointer where it is", () => {
  const view = { x: 30, y: -20, k: 0.8 };
  const point = { x: 333, y: 111 };
  const after = geometry.zoomAt(view, point, 1.7);
  const [a, b] = [geometry.toWorld(view, point), geometry.toWorld(after, point)];
  assert.ok(Math.abs(a.x - b.x) < 1e-9 && Math.abs(a.y - b.y) < 1e-9);
  assert.equal(geometry.zoomAt(view, point, 1000).k, geometry.MAX_ZOOM);
});

test("fitting shows everything and never enlarges", () => {
  const rect = geometry.bounds([node(0, 0), node(5000, 900)]);
  const size = { width: 1000, height: 600 };
  const seen = geometry.visible(geometry.fitting(rect, size), size);
  assert.ok(seen.x <= 0 && seen.y <= 0 && seen.x + seen.width >= 5200 && seen.y + seen.height >= 980);
  assert.equal(geometry.fitting(geometry.bounds([node(0, 0)]), size).k, 1);
});

test("revealing moves no more than it must", () => {
  const size = { width: 800, height: 600 };
  const view = { x: 0, y: 0, k: 1 };
  assert.deepEqual(geometry.revealing(view, { x: 100, y: 100, width: 240, height: 80 }, size), { x: 0, y: 0 });
  assert.deepEqual(geometry.revealing(view, { x: 900, y: 100, width: 240, height: 80 }, size), { x: -380, y: 0 });
});

test("a guide is drawn where middles or left sides agree", () => {
  const lines = geometry.guides(node(100, 50), [node(100, 300), node(700, 50), node(330, 77)]);
  assert.deepEqual(lines, { x: [100], y: [90] });
});

test("a new shape covers none", () => {
  const taken = [node(0, 0), node(0, 100)];
  const place = geometry.freePlace(taken, { x: 3, y: 4 }, 80);
  const rect = { ...place, width: geometry.WIDTH, height: 80 };
  assert.ok(taken.every((other) => !geometry.intersects(rect, geometry.rectOf(other))));
});

test("a rectangle is the same whichever way it was drawn", () => {
  assert.deepEqual(geometry.between({ x: 9, y: 2 }, { x: 1, y: 8 }), { x: 1, y: 2, width: 8, height: 6 });
});
