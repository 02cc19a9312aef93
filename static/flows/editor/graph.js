/**
 * Documents of the canvas and every change to them: nothing here is altered in place and nothing touches the page.
 *
 * A document is {nodes: [{id, type, x, y, config, summary, problems, ports}], edges: [{from, port, to}]}. `types` maps a
 * node type's key to what the page printed: {key, label, group, has_input, holding: [port name], ports: [{name, label, tone}]}.
 */

const indexes = new WeakMap();

/** {nodes: id → node, out: id → edges leaving, into: id → edges arriving}, built once per document. */
export function index(doc) {
  let found = indexes.get(doc);
  if (!found) {
    found = { nodes: new Map(), out: new Map(), into: new Map() };
    for (const node of doc.nodes) {
      found.nodes.set(node.id, node);
      found.out.set(node.id, []);
      found.into.set(node.id, []);
    }
    for (const edge of doc.edges) {
      found.out.get(edge.from)?.push(edge);
      found.into.get(edge.to)?.push(edge);
    }
    indexes.set(doc, found);
  }
  return found;
}

export const nodeOf = (doc, id) => index(doc).nodes.get(id);
export const edgeKey = (edge) => `${edge.from} ${edge.port}`;
export const edgeOf = (doc, key) => doc.edges.find((edge) => edgeKey(edge) === key);

/** Joins the saved graph with what the server says about each node. */
export function fromPage({ nodes, edges, summaries = {}, problems = {}, ports = {} }, types) {
  const known = new Set(nodes.map((node) => node.id));
  return {
    nodes: nodes.map(({ id, type, x, y, config }) => ({
      id, type, x: x ?? 0, y: y ?? 0, config: config ?? {}, summary: summaries[id] ?? "",
      problems: problems[id] ?? [], ports: ports[id] ?? types[type]?.ports ?? [],
    })),
    edges: edges.filter((edge) => known.has(edge.from) && known.has(edge.to)).map(({ from, port, to }) => ({ from, port, to })),
  };
}

/** What is saved: the graph of the public contract, and nothing that only the screen needs. */
export function toGraph(doc) {
  return {
    nodes: doc.nodes.map(({ id, type, x, y, config }) => ({ id, type, x, y, config })),
    edges: doc.edges.map(({ from, port, to }) => ({ from, port, to })),
  };
}

/** An id that no version of any scenario is likely to have used: counts of a removed node must not pass to another. */
export function freshId(doc, random = Math.random) {
  for (;;) {
    const id = `n${Math.floor(random() * 36 ** 6).toString(36).padStart(6, "0")}`;
    if (!index(doc).nodes.has(id)) return id;
  }
}

export const isTrigger = (node, types) => types[node.type]?.has_input === false;
export const triggerOf = (doc, types) => doc.nodes.find((node) => isTrigger(node, types));

export function newNode(id, type, x, y) {
  return { id, type: type.key, x, y, config: {}, summary: "", problems: type.problems ?? [], ports: type.ports };
}

export const add = (doc, node) => ({ ...doc, nodes: [...doc.nodes, node] });

/** `places` maps ids to {x, y}. */
export function move(doc, places) {
  return {
    ...doc,
    nodes: doc.nodes.map((node) => {
      const place = places.get(node.id);
      return !place || (place.x === node.x && place.y === node.y) ? node : { ...node, x: place.x, y: place.y };
    }),
  };
}

export function remove(doc, ids) {
  return {
    nodes: doc.nodes.filter((node) => !ids.has(node.id)),
    edges: doc.edges.filter((edge) => !ids.has(edge.from) && !ids.has(edge.to)),
  };
}

export const connect = (doc, edge) => ({ ...doc, edges: [...doc.edges, edge] });
export const disconnect = (doc, key) => ({ ...doc, edges: doc.edges.filter((edge) => edgeKey(edge) !== key) });

/** Takes over what a dialog confirmed; edges of ports that are gone go with them. */
export function configure(doc, id, { config, summary, problems, ports }) {
  const names = new Set(ports.map((port) => port.name));
  return {
    nodes: doc.nodes.map((node) => (node.id === id ? { ...node, config, summary, problems, ports } : node)),
    edges: doc.edges.filter((edge) => edge.from !== id || names.has(edge.port)),
  };
}

/** Why the edge may not be drawn, as a sentence, or "" where it may. */
export function refusal(doc, types, { from, port, to }) {
  const { nodes, out } = index(doc);
  const [source, target] = [nodes.get(from), nodes.get(to)];
  if (!source || !target) return "There is no such shape.";
  const name = (node) => `“${types[node.type]?.label ?? node.type}”`;
  const taken = out.get(from).find((edge) => edge.port === port);
  if (taken) {
    const label = source.ports.find((each) => each.name === port)?.label;
    const way = label && source.ports.length > 1 ? `“${label}” of ${name(source)}` : name(source);
    return `${way} already leads to ${name(nodes.get(taken.to))}. Remove that connection first.`;
  }
  if (isTrigger(target, types)) return `${name(target)} is where contacts enter, so nothing can lead into it.`;
  if (from === to) return "A shape cannot lead to itself.";
  if (closesLoop(doc, types, from, port, to)) return "That would make a loop in which nobody ever waits. Put a waiting step into it first.";
  return "";
}

/** Whether the new edge could be gone round without ever leaving by a port behind which contacts have rested. */
function closesLoop(doc, types, from, port, to) {
  const { nodes, out } = index(doc);
  const holds = (id, name) => types[nodes.get(id).type]?.holding.includes(name);
  if (holds(from, port)) return false;
  const seen = new Set();
  const open = [to];
  while (open.length) {
    const id = open.pop();
    if (id === from) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    for (const edge of out.get(id)) if (!holds(id, edge.port)) open.push(edge.to);
  }
  return false;
}

/** The chosen shapes and the edges between them, without triggers: what copying takes. */
export function extract(doc, ids, types) {
  const nodes = doc.nodes.filter((node) => ids.has(node.id) && !isTrigger(node, types));
  const kept = new Set(nodes.map((node) => node.id));
  return { nodes, edges: doc.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to)) };
}

/** Puts a copy into the document, moved by (dx, dy), under new ids: {doc, ids}. */
export function paste(doc, clip, dx, dy, random = Math.random) {
  const renamed = new Map(clip.nodes.map((node) => [node.id, freshId(doc, random)]));
  const nodes = clip.nodes.map((node) => ({
    ...node, id: renamed.get(node.id), x: node.x + dx, y: node.y + dy, config: pointed(node.config, renamed),
  }));
  const edges = clip.edges.map((edge) => ({ ...edge, from: renamed.get(edge.from), to: renamed.get(edge.to) }));
  return { doc: { nodes: [...doc.nodes, ...nodes], edges: [...doc.edges, ...edges] }, ids: new Set(renamed.values()) };
}

/** A config names another shape under the key `node`; within a copy it then means the copied one. */
function pointed(value, renamed) {
  if (Array.isArray(value)) return value.map((each) => pointed(each, renamed));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) =>
    [key, key === "node" && renamed.has(each) ? renamed.get(each) : pointed(each, renamed)]));
}

/** "Wait: 7 days, 1,234 contacts" */
export function spoken(node, types, waiting = 0, problems = node.problems, failed = 0) {
  const label = types[node.type]?.label ?? node.type;
  const parts = [node.summary ? `${label}: ${node.summary}` : label];
  if (waiting) parts.push(`${waiting.toLocaleString("en")} ${waiting === 1 ? "contact" : "contacts"}`);
  if (failed) parts.push(`${failed.toLocaleString("en")} failed`);
  if (problems.length) parts.push(`needs attention: ${problems.join(" ")}`);
  return parts.join(", ");
}
