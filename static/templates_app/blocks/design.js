/** What can be done to a design. Every function returns another design and leaves the given one as it was. */

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
const newId = (prefix) =>
  prefix + Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => letters[byte % 36]).join("");

export const newBlock = (type, values) => ({ id: newId("b"), type, values: structuredClone(values) });
export const newSection = (layout, count) => ({
  id: newId("s"),
  layout,
  background: "",
  padding: 24,
  columns: Array.from({ length: count }, () => []),
});

/** Where a block or section stands: { section, column, place } with -1 for the column of a section; null if nowhere. */
export function find(design, id) {
  for (const [section, one] of design.sections.entries()) {
    if (one.id === id) return { section, column: -1, place: -1 };
    for (const [column, blocks] of one.columns.entries()) {
      const place = blocks.findIndex((block) => block.id === id);
      if (place >= 0) return { section, column, place };
    }
  }
  return null;
}

export function get(design, id) {
  const at = find(design, id);
  if (!at) return null;
  const section = design.sections[at.section];
  return at.column < 0 ? section : section.columns[at.column][at.place];
}

const withSections = (design, change) => ({ ...design, sections: change([...design.sections]) });

function withColumn(design, section, column, change) {
  return withSections(design, (sections) => {
    const columns = sections[section].columns.map((blocks, n) => (n === column ? change([...blocks]) : blocks));
    sections[section] = { ...sections[section], columns };
    return sections;
  });
}

/** Puts a block into a column, before the block `before` or, without one, at its end. */
export function insert(design, block, { section, column, before = null }) {
  const at = design.sections.findIndex((one) => one.id === section);
  if (at < 0) return design;
  return withColumn(design, at, column, (blocks) => {
    const place = before ? blocks.findIndex((one) => one.id === before) : -1;
    blocks.splice(place < 0 ? blocks.length : place, 0, block);
    return blocks;
  });
}

export function insertSection(design, section, after = null) {
  return withSections(design, (sections) => {
    const at = after ? sections.findIndex((one) => one.id === after) + 1 : sections.length;
    sections.splice(at, 0, section);
    return sections;
  });
}

export function remove(design, id) {
  const at = find(design, id);
  if (!at) return design;
  if (at.column < 0) return withSections(design, (sections) => sections.filter((one) => one.id !== id));
  return withColumn(design, at.section, at.column, (blocks) => blocks.filter((one) => one.id !== id));
}

/** Moves a block to a place as `insert` has it. Before itself it stays where it is. */
export function move(design, id, target) {
  if (target.before === id || !design.sections.some((one) => one.id === target.section)) return design;
  const block = get(design, id);
  return insert(remove(design, id), block, target);
}

/** One place up or down; past the end of its column, into the section before or after. */
export function shift(design, id, by) {
  const at = find(design, id);
  if (!at) return design;
  if (at.column < 0) {
    const to = at.section + by;
    if (to < 0 || to >= design.sections.length) return design;
    return withSections(design, (sections) => {
      sections.splice(to, 0, ...sections.splice(at.section, 1));
      return sections;
    });
  }
  const blocks = design.sections[at.section].columns[at.column];
  const to = at.place + by;
  if (to >= 0 && to < blocks.length) {
    return withColumn(design, at.section, at.column, (rows) => {
      rows.splice(to, 0, ...rows.splice(at.place, 1));
      return rows;
    });
  }
  const neighbour = design.sections[at.section + by];
  if (!neighbour) return design;
  const column = by < 0 ? neighbour.columns.length - 1 : 0;
  const before = by < 0 ? null : (neighbour.columns[column][0]?.id ?? null);
  return move(design, id, { section: neighbour.id, column, before });
}

export function duplicate(design, id) {
  const at = find(design, id);
  if (!at) return [design, id];
  const one = get(design, id);
  if (at.column < 0) {
    const copy = { ...structuredClone(one), id: newId("s") };
    copy.columns = copy.columns.map((blocks) => blocks.map((block) => ({ ...block, id: newId("b") })));
    return [insertSection(design, copy, id), copy.id];
  }
  const copy = newBlock(one.type, one.values);
  const blocks = design.sections[at.section].columns[at.column];
  const before = blocks[at.place + 1]?.id ?? null;
  return [insert(design, copy, { section: design.sections[at.section].id, column: at.column, before }), copy.id];
}

export function setValue(design, id, name, value) {
  const at = find(design, id);
  if (!at || at.column < 0) return design;
  return withColumn(design, at.section, at.column, (blocks) => {
    blocks[at.place] = { ...blocks[at.place], values: { ...blocks[at.place].values, [name]: value } };
    return blocks;
  });
}

export function setSection(design, id, changes) {
  return withSections(design, (sections) => sections.map((one) => (one.id === id ? { ...one, ...changes } : one)));
}

/** Another number of columns; blocks of columns that are gone stand in the last that is left. */
export function setLayout(design, id, layout, count) {
  const section = get(design, id);
  if (!section) return design;
  const columns = Array.from({ length: count }, (_, n) => section.columns[n] ?? []);
  columns[count - 1] = [...columns[count - 1], ...section.columns.slice(count).flat()];
  return setSection(design, id, { layout, columns });
}

export const setLook = (design, name, value) => ({ ...design, look: { ...design.look, [name]: value } });

/** The ids of sections and blocks in the order of reading. */
export const order = (design) =>
  design.sections.flatMap((section) => [section.id, ...section.columns.flat().map((block) => block.id)]);
