// Moves rules and groups about: by steps, into groups of their own, and out of groups that are taken apart.

import { isGroup, items } from "./rule_reading.js";

export const holderOf = (item) => item.parentElement.closest("[data-group], [data-rules]");
const isProperty = (item) => Boolean(item.parentElement?.closest("[data-rules]"));

// One step in reading order: past a neighbour, into a neighbouring group, or out of its own. Returns whether it moved.
export function step(item, up, root) {
  const near = up ? item.previousElementSibling : item.nextElementSibling;
  const holder = holderOf(item);
  if (near && isGroup(near)) items(near)[up ? "append" : "prepend"](item);
  else if (near) near[up ? "before" : "after"](item);
  else if (isGroup(holder) && holder !== root) holder[up ? "before" : "after"](item);
  else return false;
  return true;
}

// `fresh` is an empty group, to stand where the item stands and to hold it.
export function group(item, fresh) {
  if (isProperty(item)) return false;
  item.before(fresh);
  items(fresh).append(item);
  return true;
}

// What a group holds takes its place.
export function ungroup(from, root) {
  if (!isGroup(from) || from === root) return false;
  from.replaceWith(...items(from).children);
  return true;
}

// Where a dragged item would go, as [list, the element that it comes before or null]; null where it may not go.
export function placeAt(item, target, y, root) {
  const list = isProperty(item) ? item.parentElement : listAt(target, root);
  if (!list || (isProperty(item) && !list.closest("[data-rules]")?.contains(target)) || item.contains(list)) return null;
  const others = [...list.children].filter((each) => each !== item && each.matches("[data-rule], [data-group]"));
  const before = others.find((each) => {
    const box = each.getBoundingClientRect();
    return y < box.top + Math.min(box.height / 2, isGroup(each) ? 14 : Infinity);
  });
  return [list, before ?? null];
}

function listAt(target, root) {
  const group = target?.closest("[data-group]");
  return group && root.contains(group) ? items(group) : null;
}
