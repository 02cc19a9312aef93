// Suggests what is in use while something is typed, in a list of the input's own.

const PAUSE = 150;

const isLabelled = (input) => [...(input.list?.options ?? [])].some((each) => each.value === input.value && each.label !== each.value);

// Whether other controls follow what is chosen here: of what the server suggests with a label, it knows the type.
export const isTyped = (input) => input.hasAttribute("data-typed") || Boolean(input.dataset.key && isLabelled(input));

// `typed` is called where the suggestions come late and tell that something known was chosen.
export async function suggest(input, url, typed) {
  const of = input.dataset?.suggest;
  if (!of || input.tagName !== "INPUT") return;
  const asked = new URLSearchParams({ of, q: input.value, field: about(input) }).toString();
  if (input.asked === asked) return;
  input.asked = asked;
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  if (input.asked !== asked || !input.isConnected) return;
  const answer = await fetch(`${url}?${asked}`);
  if (!answer.ok || input.asked !== asked) return;
  const { options } = await answer.json();
  const known = isTyped(input);
  listOf(input).replaceChildren(...options.map(option));
  if (!known && isTyped(input) && document.activeElement !== input) typed(input);
}

// A name that is chosen carries its id; any other text carries none.
export function pick(input) {
  if (input.dataset?.type !== "picked") return;
  const chosen = [...(input.list?.options ?? [])].find((each) => each.value === input.value);
  if (chosen?.dataset.id) input.dataset.picked = chosen.dataset.id;
  else delete input.dataset.picked;
}

// A text, a code with what it means, or something with an id that is known by its name.
function option(each) {
  if (typeof each === "string") return new Option(each, each);
  if (each.value) return new Option(each.label, each.value);
  const found = new Option(each.text, each.text);
  found.dataset.id = each.id;
  return found;
}

function about(input) {
  const named = input.closest("[data-rule]").querySelector(`[data-key="${input.dataset.suggestFor}"]`);
  return named?.dataset.picked ?? named?.value ?? "";
}

function listOf(input) {
  if (!input.list) {
    const list = document.createElement("datalist");
    list.id = `${input.id || input.name}-options`;
    input.after(list);
    input.setAttribute("list", list.id);
  }
  return input.list;
}
