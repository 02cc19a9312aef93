// Builds rule trees: the DOM is the tree, and the hidden input always holds it as JSON.

const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

const READ = {
  text: (input) => input.value,
  whole: (input) => number(input.value),
  number: (input) => number(input.value),
  truth: (input) => input.value === "true",
  checked: (input) => input.checked,
  list: (input) => input.value.split("\n").map((line) => line.trim()).filter(Boolean),
};

const items = (parent) => parent.querySelector("[data-items]");
// Whether the other controls follow what is chosen here: of what the server suggests with a label, it knows the type.
const isTyped = (input) => input.hasAttribute("data-typed") || isLabelled(input);
const isLabelled = (input) => [...(input.list?.options ?? [])].some((each) => each.value === input.value && each.label !== each.value);
const isGroup = (item) => item.matches("[data-group]");

function readGroup(group) {
  const rules = [...items(group).children].map((item) => (isGroup(item) ? readGroup(item) : readRule(item)));
  const join = group.querySelector("[data-join]").value;
  if (!join.startsWith("not ")) return { [join]: rules };
  return { not: { [join.slice(4)]: rules } };
}

function readRule(row) {
  const rule = { rule: row.querySelector("[data-kind]").value };
  const own = (selector) => [...row.querySelectorAll(selector)].filter((each) => each.closest("[data-rule]") === row);
  for (const input of own("[data-key]")) {
    const { key, type } = input.dataset;
    if (type === "pair") (rule[key] ??= []).push(input.value.trim());
    else put(rule, key, READ[type](input));
  }
  for (const list of own("[data-rules]")) {
    put(rule, list.dataset.rules, [...items(list).children].map(readRule));
  }
  return rule;
}

// "within.amount" goes into rule.within.amount; what is left empty is left out.
function put(rule, key, value) {
  if (value === "" || (Array.isArray(value) && !value.length)) return;
  const path = key.split(".");
  const last = path.pop();
  path.reduce((place, name) => (place[name] ??= {}), rule)[last] = value;
}

class RuleTree extends HTMLElement {
  connectedCallback() {
    if (this.started) return;
    this.started = true;
    this.addEventListener("input", (event) => this.edited(event));
    this.addEventListener("change", (event) => this.edited(event));
    this.addEventListener("focusin", (event) => this.suggest(event.target));
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.addEventListener("htmx:beforeSwap", () => this.swapping());
    this.addEventListener("htmx:afterSwap", (event) => this.swapped(event));
  }

  get root() {
    return this.querySelector("[data-group]");
  }

  changed() {
    const tree = readGroup(this.root);
    const input = this.querySelector("[data-tree]");
    const json = JSON.stringify(tree) === '{"all":[]}' ? "" : JSON.stringify(tree);
    if (input.value === json) return;
    input.value = json;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    this.querySelector("[data-preview]").dispatchEvent(new CustomEvent("rule-changed"));
  }

  edited(event) {
    const { target } = event;
    if (target.matches("[data-tree]")) return;
    if (event.type === "input") this.suggest(target);
    this.changed();
    if (event.type === "change" && (target.matches("[data-kind], [data-redraw]") || isTyped(target))) this.redraw(target.closest("[data-rule]"), target);
  }

  // The controls of a rule come from the server, filled in as far as they are.
  redraw(row, from) {
    const kind = row.querySelector("[data-kind]").value;
    const rule = from.matches("[data-kind]") ? { rule: kind } : readRule(row);
    this.returnTo = { row, key: from.dataset.key };
    if (!kind) {
      row.querySelector("[data-config]").replaceChildren();
      this.changed();
      return;
    }
    this.draw(row, rule);
  }

  draw(row, rule) {
    const config = row.querySelector("[data-config]");
    window.htmx.ajax("GET", this.dataset.rowUrl, {
      source: config, target: config, swap: "innerHTML", values: { rule: JSON.stringify(rule), place: this.dataset.place },
    });
  }

  // Whoever went on meanwhile goes on in the new controls, with what is typed already.
  swapping() {
    const { row, key } = this.returnTo ?? {};
    const { dataset, value } = document.activeElement;
    if (row?.contains(document.activeElement) && dataset.key && dataset.key !== key) this.returnTo = { row, key: dataset.key, value };
  }

  swapped(event) {
    if (!event.target.matches("[data-config]")) return;
    const { row, key, value } = this.returnTo ?? {};
    const place = value && row.querySelector(`[data-key="${key}"]`);
    if (place && !place.value) place.value = value;
    this.returnTo = null;
    this.changed();
    if (!row?.contains(event.target)) return;
    const back = key ? event.target.querySelector(`[data-key="${key}"]`) : event.target.querySelector("[data-key]");
    back?.focus();
  }

  clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const item = button.closest("[data-rule], [data-group]");
    if (button.dataset.add) this.add(button);
    else if (button.dataset.move) this.move(item, button.dataset.move, button);
    else if ("remove" in button.dataset) this.take(item);
  }

  // A finished rule goes to the end of the outermost group; its controls come from the server.
  addRule(rule) {
    this.add(this.root.querySelector(':scope > .rule-adds > [data-add="rule"]'));
    const row = items(this.root).lastElementChild;
    row.querySelector("[data-kind]").value = rule.rule;
    this.draw(row, rule);
  }

  add(button) {
    const list = items(button.closest("[data-rules], [data-group]"));
    const fresh = this.querySelector(`template[data-new="${button.dataset.add}"]`).content.cloneNode(true);
    const item = fresh.firstElementChild;
    list.append(fresh);
    window.htmx.process(item);
    if (button.dataset.add === "group") this.add(item.querySelector('[data-add="rule"]'));
    else item.querySelector("select, input:not([type=hidden])")?.focus();
    this.changed();
  }

  take(item) {
    const holder = item.parentElement.closest("[data-rules], [data-group]");
    const near = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    (near?.querySelector("select, input:not([type=hidden])") ?? holder.querySelector(":scope > .rule-adds > button, :scope > button"))?.focus();
    this.changed();
  }

  // One step in reading order: past a neighbour, into a neighbouring group, or out of its own.
  move(item, way, button) {
    const up = way === "up";
    const list = item.parentElement;
    const near = up ? item.previousElementSibling : item.nextElementSibling;
    const holder = list.closest("[data-group], [data-rules]");
    if (near && isGroup(near)) items(near)[up ? "append" : "prepend"](item);
    else if (near) near[up ? "before" : "after"](item);
    else if (isGroup(holder) && holder !== this.root) holder[up ? "before" : "after"](item);
    else return;
    button.focus();
    this.changed();
  }

  pressed(event) {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const item = event.target.closest("[data-rule], [data-group]");
    if (!item || item === this.root) return;
    event.preventDefault();
    this.move(item, event.key === "ArrowUp" ? "up" : "down", event.target);
  }

  // Suggestions for what is being typed, in a list of the input's own.
  async suggest(input) {
    const of = input.dataset?.suggest;
    if (!of || input.tagName !== "INPUT") return;
    const field = input.closest("[data-rule]").querySelector(`[data-key="${input.dataset.suggestFor}"]`)?.value ?? "";
    const asked = new URLSearchParams({ of, q: input.value, field }).toString();
    if (input.asked === asked) return;
    input.asked = asked;
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (input.asked !== asked || !input.isConnected) return;
    const answer = await fetch(`${this.dataset.suggestUrl}?${asked}`);
    if (!answer.ok || input.asked !== asked) return;
    const { options } = await answer.json();
    if (!input.list) {
      const list = document.createElement("datalist");
      list.id = `${input.id || input.name}-options`;
      input.after(list);
      input.setAttribute("list", list.id);
    }
    const known = isTyped(input);
    input.list.replaceChildren(...options.map((each) => new Option(each.label ?? each, each.value ?? each)));
    if (!known && isTyped(input) && document.activeElement !== input) this.redraw(input.closest("[data-rule]"), input);
  }
}

customElements.get("rule-tree") ?? customElements.define("rule-tree", RuleTree);
