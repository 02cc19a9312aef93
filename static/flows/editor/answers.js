/** Reads the save dialog: what the scenario is for, and what becomes of the contacts whom a change concerns. */

const LEAVE = "!"; // no shape has this id

/** Only what belongs to the chosen kind of objective. */
export function objectiveOf(form) {
  const fields = Object.fromEntries(new FormData(form));
  if (!fields.kind) return {};
  return {
    kind: fields.kind,
    // A filter set through the API stays as it is; this dialog does not ask for one.
    ...(fields.kind === "event" ? { event: fields.event.trim(), ...(form.dataset.filter ? { filter: JSON.parse(form.dataset.filter) } : {}) } : {}),
    ...(fields.within_days ? { within_days: Number(fields.within_days) } : {}),
  };
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
    form.querySelector("[data-for=event]").hidden = kind !== "event";
    form.elements.event.required = kind === "event";
    form.querySelector("[data-for=days]").hidden = !kind;
  };
  form.addEventListener("change", fit);
  fit();
}
