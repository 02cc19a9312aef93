// Reads the builder: the DOM is the tree, and this says which one.

import { valuesOf } from "./rule_chips.js";

const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

const READ = {
  text: (input) => input.value,
  whole: (input) => number(input.value),
  number: (input) => number(input.value),
  truth: (input) => input.value === "true",
  checked: (input) => input.checked,
  list: (box) => valuesOf(box),
  // What is chosen by its name; a name of nothing is left for the server to refuse.
  picked: (input) => (input.dataset.picked ? Number(input.dataset.picked) : input.value),
};

export const items = (parent) => parent.querySelector("[data-items]");
export const isGroup = (item) => item.matches("[data-group]");

export function readGroup(group) {
  const rules = [...items(group).children].map((item) => (isGroup(item) ? readGroup(item) : readRule(item)));
  const join = group.querySelector("[data-join]").value;
  if (!join.startsWith("not ")) return { [join]: rules };
  return { not: { [join.slice(4)]: rules } };
}

export function readRule(row) {
  const rule = { rule: row.querySelector("[data-kind]").value };
  const own = (selector) => [...row.querySelectorAll(selector)].filter((each) => each.closest("[data-rule]") === row);
  for (const input of own("[data-key]")) {
    const { key, type } = input.dataset;
    if (type === "pair") add(rule, key, input.value.trim());
    else put(rule, key, READ[type](input));
  }
  for (const list of own("[data-rules]")) {
    put(rule, list.dataset.rules, [...items(list).children].map(readRule));
  }
  return rule;
}

// "within.amount" goes into rule.within.amount; what is left empty is left out.
export function put(rule, key, value) {
  if (value === "" || (Array.isArray(value) && !value.length)) return;
  const [place, last] = placeOf(rule, key);
  place[last] = value;
}

function add(rule, key, value) {
  const [place, last] = placeOf(rule, key);
  (place[last] ??= []).push(value);
}

function placeOf(rule, key) {
  const path = key.split(".");
  const last = path.pop();
  return [path.reduce((place, name) => (place[name] ??= {}), rule), last];
}
