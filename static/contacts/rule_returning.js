// Keeps what is being built, with the words beside it, at the page's place in the browser's history: whoever leaves and
// comes back finds it.

const WORDS = "input:not([type=hidden], [type=file], [type=password]), textarea";

const formOf = (tree) => tree.closest("form[data-unsaved]");
const inputOf = (tree) => tree.querySelector("[data-tree]");
const wordsOf = (tree) => [...formOf(tree).elements].filter((each) => each.name && each.matches(WORDS) && !tree.contains(each));

// With the stamp of what was on the screen, so that somebody else's work is not written over on the return.
function keep(tree) {
  const form = formOf(tree);
  const words = Object.fromEntries(wordsOf(tree).map((each) => [each.name, each.value]));
  const kept = { json: inputOf(tree).value, seen: form.elements.seen.value, words };
  history.replaceState({ ...history.state, rules: { ...history.state?.rules, [inputOf(tree).name]: kept } }, "");
}

// Begins to keep; what was sent is not kept any longer. Returns the tree that was left here, or null.
export function returning(tree) {
  const form = formOf(tree);
  if (!form?.elements.seen) return null;
  const json = left(tree, form);
  for (const name of ["input", "change"]) form.addEventListener(name, () => keep(tree));
  form.addEventListener("submit", () => history.replaceState({ ...history.state, rules: null }, ""));
  return json;
}

function left(tree, form) {
  const kept = history.state?.rules?.[inputOf(tree).name];
  const returned = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (!kept || !returned) return null;
  form.elements.seen.value = kept.seen;
  for (const each of wordsOf(tree)) each.value = kept.words[each.name] ?? each.value;
  return kept.json;
}
