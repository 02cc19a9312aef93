/** Undo and redo: snapshots of the whole document, which cost nothing as documents share what did not change. */

const DEPTH = 100;

export const begin = (doc) => ({ past: [], present: doc, future: [] });

/** One step more; what was undone before is forgotten. */
export function push(history, doc) {
  if (doc === history.present) return history;
  return { past: [...history.past, history.present].slice(-DEPTH), present: doc, future: [] };
}

export function undo(history) {
  if (!history.past.length) return history;
  return {
    past: history.past.slice(0, -1),
    present: history.past[history.past.length - 1],
    future: [history.present, ...history.future],
  };
}

export function redo(history) {
  if (!history.future.length) return history;
  return { past: [...history.past, history.present], present: history.future[0], future: history.future.slice(1) };
}
