/** Reads the save dialog: what the scenario is for, and what becomes of the contacts whom a change concerns. */

const LEAVE = "!"; // no shape has this id

const OWN = { event: ["event", "filter", "value_property", "currency_property", "touch"], segment: ["segment", "touch"] };
const READ = { filter: JSON.parse, segment: Number, within_days: Number };

/** Only what belongs to the chosen kind of objective, is filled in, and does not go without saying. */
export function objectiveOf(form) {
  const fields = Object.fromEntries(new FormData(form));
  if (!fields.kind) return {};
  const asked = [...(OWN[fields.kind] ?? []), "within_days"].map((name) => [name, fields[name]?.trim()]);
  const given = asked.filter(([name, text]) => text && !(name === "touch" && text === "sent"));
  return { kind: fields.kind, ...Object.fromEntries(given.map(([name, text]) => [name, READ[name] ? READ[name](text) : text])) };
}

/** What was asked about contacts; nothing of it where nothing was. */
export function answersOf(form) {
  const fields = [...new FormData(form)];
  const redirects = fields.filter(([name]) => name.startsWith("redirect:"));
  const given = Object.fromEntries(fields);
  return {
    redirects: Object.fromEntries(redirects.map(([name, to]) => [name.slice("redirect:".length), to === LEAVE ? null : to])),
    ...(given.retime ? { retime: given.retime } : {}),
    ...(given.backfill ? { backfill: true } : {}),
  };
}

/** Shows the fields that go with the chosen objective. */
export function fitObjective(form) {
  const fit = () => {
    const kind = form.elements.kind.value;
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = !kind || !part.dataset.for.split(" ").includes(kind);
    form.elements.event.required = kind === "event";
    form.elements.segment.required = kind === "segment";
  };
  form.addEventListener("change", fit);
  fit();
}
