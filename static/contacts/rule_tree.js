// Builds rule trees: the DOM is the tree, and the hidden input always holds it as JSON.

import { chipKey, take } from "./rule_chips.js";
import { draggable } from "./rule_drag.js";
import { History } from "./rule_history.js";
import { mark } from "./rule_marking.js";
import { group, holderOf, step, ungroup } from "./rule_moves.js";
import { items, readGroup, readRule } from "./rule_reading.js";
import { returning } from "./rule_returning.js";
import { isTyped, pick, suggest } from "./rule_suggesting.js";

const FIRST = "select, input:not([type=hidden])";

class RuleTree extends HTMLElement {
  connectedCallback() {
    if (this.started) return;
    this.started = true;
    this.history = new History(this.read());
    this.addEventListener("input", (event) => this.edited(event));
    this.addEventListener("change", (event) => this.edited(event));
    this.addEventListener("focusin", (event) => this.entered(event.target));
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.addEventListener("htmx:beforeSwap", () => this.swapping());
    this.addEventListener("htmx:afterSwap", (event) => this.swapped(event));
    for (const failed of ["responseError", "sendError"]) {
      this.addEventListener(`htmx:${failed}`, (event) => this.failed(event.target));
    }
    draggable(this, (item) => {
      item.querySelector("[data-grip]").focus();
      this.changed();
    });
    const json = returning(this);
    if (json !== null && json !== this.read()) this.show(json).then(() => this.changed());
  }

  get root() {
    return this.querySelector("[data-group]");
  }

  read() {
    const json = JSON.stringify(readGroup(this.root));
    return json === '{"all":[]}' ? "" : json;
  }

  // `place` is where somebody is typing: going on there is not another step.
  changed(place = null) {
    const json = this.read();
    this.history.note(json, place);
    this.tell(json);
  }

  tell(json) {
    const input = this.querySelector("[data-tree]");
    this.querySelector('[data-act="undo"]').disabled = !this.history.past.length;
    this.querySelector('[data-act="redo"]').disabled = !this.history.future.length;
    if (input.value === json) return;
    input.value = json;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    this.querySelector("[data-preview]").dispatchEvent(new CustomEvent("rule-changed"));
  }

  entered(target) {
    target.enteredWith = target.value;
    if (target.closest("[data-rule]")) this.suggest(target);
  }

  edited(event) {
    const { target } = event;
    if (!target.closest("[data-root]")) return;
    pick(target);
    take(target, event.type === "change");
    if (event.type === "input") this.suggest(target);
    this.changed(target.tagName === "SELECT" ? null : target);
    if (event.type === "change" && (target.matches("[data-kind], [data-redraw]") || isTyped(target))) this.redraw(target.closest("[data-rule]"), target);
  }

  suggest(input) {
    suggest(input, this.dataset.suggestUrl, (typed) => this.redraw(typed.closest("[data-rule]"), typed));
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

  // Numbers of what was asked before must not pass for those of what is asked now.
  failed(place) {
    if (!place.matches("[data-preview]")) return;
    const said = document.createElement("p");
    said.className = "rule-wrong";
    said.textContent = "This could not be counted just now. It is tried again with the next change.";
    place.replaceChildren(said);
  }

  swapped(event) {
    if (event.target.matches("[data-preview]")) mark(this.root, event.target);
    if (!event.target.matches("[data-config]")) return;
    const { row, key, value } = this.returnTo ?? {};
    const place = value && row.querySelector(`[data-key="${key}"]`);
    if (place && !place.value) place.value = value;
    this.returnTo = null;
    // The controls that came belong to the choice that brought them: one step.
    const json = this.read();
    this.history.amend(json);
    this.tell(json);
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
    else if (button.dataset.act) this.act(button.dataset.act, item, button);
    else if ("chip" in button.dataset) this.drop(button);
    else if ("remove" in button.dataset) this.take(item);
  }

  // A finished rule goes to the end of the outermost group; its controls come from the server.
  addRule(rule) {
    this.add(this.root.querySelector(':scope > .rule-adds > [data-add="rule"]'));
    const row = items(this.root).lastElementChild;
    row.querySelector("[data-kind]").value = rule.rule;
    this.draw(row, rule);
  }

  fresh(what) {
    const fresh = this.querySelector(`template[data-new="${what}"]`).content.cloneNode(true);
    return fresh.firstElementChild;
  }

  add(button) {
    const list = items(button.closest("[data-rules], [data-group]"));
    const item = this.fresh(button.dataset.add);
    list.append(item);
    window.htmx.process(item);
    if (button.dataset.add === "group") this.add(item.querySelector('[data-add="rule"]'));
    else item.querySelector(FIRST)?.focus();
    this.changed();
  }

  take(item) {
    const holder = holderOf(item);
    const near = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    (near?.querySelector(FIRST) ?? holder.querySelector(":scope > .rule-adds > button, :scope > button"))?.focus();
    this.changed();
  }

  move(item, way, from) {
    if (!step(item, way === "up", this.root)) return;
    from.focus();
    this.changed();
  }

  act(what, item, from) {
    if (what === "undo" || what === "redo") return void this.back(what);
    const done = what === "group" ? group(item, this.fresh("group")) : ungroup(item, this.root);
    if (!done) return;
    (from.isConnected ? from : this.root.querySelector(FIRST))?.focus();
    this.changed();
  }

  drop(chip) {
    const next = chip.nextElementSibling;
    chip.remove();
    next.focus();
    this.changed();
  }

  // What was there before is drawn by the server; until it is, the tree is what it was.
  async back(way) {
    const json = this.history[way]();
    if (json === null) return;
    const held = document.activeElement;
    const rows = () => [...this.root.querySelectorAll("[data-rule], [data-group]")];
    const place = this.contains(held) ? rows().indexOf(held.closest("[data-rule], [data-group]")) : -1;
    await this.show(json);
    if (this.history.now === json) this.tell(json);
    if (!held.isConnected && place >= 0) (rows()[Math.min(place, rows().length - 1)] ?? this.root).querySelector(FIRST)?.focus();
  }

  show(json) {
    return window.htmx.ajax("POST", this.dataset.groupUrl, {
      source: this, target: this.querySelector("[data-root]"), swap: "innerHTML", values: { tree: json, place: this.dataset.place },
    });
  }

  pressed(event) {
    const { target, code } = event;
    if (!target.closest("[data-root]")) return;
    const typed = target.matches("input, textarea") && target.value !== target.enteredWith;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && ["KeyZ", "KeyY"].includes(code) && !typed) {
      this.done(event);
      this.back(code === "KeyY" || event.shiftKey ? "redo" : "undo");
      return;
    }
    const item = target.closest("[data-rule], [data-group]");
    if (chipKey(event)) return void this.changed();
    if (!event.altKey || event.ctrlKey || event.metaKey || !item) return;
    if (code === "KeyG") {
      this.done(event);
      this.act(event.shiftKey ? "ungroup" : "group", event.shiftKey ? item.closest("[data-group]") : item, target);
    } else if (["ArrowUp", "ArrowDown"].includes(event.key) && item !== this.root) {
      this.done(event);
      this.move(item, event.key === "ArrowUp" ? "up" : "down", target);
    } else if (event.key === "Backspace" && item !== this.root) {
      this.done(event);
      this.take(item);
    }
  }

  done(event) {
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.get("rule-tree") ?? customElements.define("rule-tree", RuleTree);
