// Keeps what is being built with the page's place in the browser's history: whoever leaves and comes back finds it.

const formOf = (tree) => tree.closest("form[data-unsaved]");
const nameOf = (tree) => tree.querySelector("[data-tree]").name;

// With the stamp of what was on the screen, so that somebody else's work is not written over on the return.
export function keep(tree, json) {
  const seen = formOf(tree)?.elements.seen?.value;
  if (seen === undefined) return;
  history.replaceState({ ...history.state, rules: { ...history.state?.rules, [nameOf(tree)]: { json, seen } } }, "");
}

// What was sent is not kept.
export function forgetWhenSent(tree) {
  formOf(tree)?.addEventListener("submit", () => history.replaceState({ ...history.state, rules: null }, ""));
}

// The tree that was left here, or null.
export function left(tree) {
  const kept = history.state?.rules?.[nameOf(tree)];
  const returned = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (!kept || !returned || !formOf(tree)) return null;
  formOf(tree).elements.seen.value = kept.seen;
  return kept.json;
}
