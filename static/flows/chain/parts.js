// Shows the parts of a form that belong to what is chosen in it: `data-for="when=delay"`; several choices stand side by
// side, "*" is any but none.
// What is seldom needed waits in a template.

function chosen(form, name) {
  const found = [...form.elements].filter((each) => each.name === name || each.name.endsWith(`-${name}`));
  const radios = found.filter((each) => each.type === "radio");
  return radios.length ? (radios.find((each) => each.checked)?.value ?? "") : (found[0]?.value ?? "");
}

function show(form) {
  for (const part of form.querySelectorAll("[data-for]")) {
    const [name, wanted] = part.dataset.for.split("=");
    const value = chosen(form, name);
    part.hidden = wanted === "*" ? !value : !wanted.split(" ").includes(value);
    const waiting = part.hidden ? null : part.querySelector(":scope > template");
    if (waiting) {
      waiting.replaceWith(waiting.content);
      window.htmx.process(part);
    }
  }
  for (const written of form.querySelectorAll("[data-written]")) {
    const template = written.parentElement.querySelector('select[name$="-template"]');
    written.hidden = written.disabled = Boolean(template?.value);
  }
}

const isOurs = (form) => form?.matches("[data-step-form], [data-parts]");

document.addEventListener("change", (event) => {
  if (isOurs(event.target.form)) show(event.target.form);
}, true);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pick]");
  button?.closest("[data-for]").querySelector("rule-tree").addRule(JSON.parse(button.dataset.pick));
});

export function showParts(block) {
  for (const form of block.querySelectorAll("[data-step-form]")) show(form);
}

for (const form of document.querySelectorAll("[data-step-form]")) show(form);
