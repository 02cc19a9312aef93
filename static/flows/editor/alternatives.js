/** A part of a dialog with `data-unless="field"` is there, and sent, only while that field is empty. */

function settle(dialog) {
  for (const part of dialog.querySelectorAll("[data-unless]")) {
    const field = dialog.querySelector(`[name="${CSS.escape(part.dataset.unless)}"]`);
    part.hidden = part.disabled = Boolean(field?.value);
  }
}

export function attachAlternatives(place) {
  place.addEventListener("change", () => settle(place));
  place.addEventListener("htmx:afterSettle", () => settle(place));
}
