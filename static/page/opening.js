/** Opens a dialog with the focus where the work begins: a browser would give it to the cross in the corner. */
export function openDialog(dialog) {
  dialog.showModal();
  if (!document.activeElement?.matches(".dialog-header [data-close], dialog")) return;
  const typed = "input:not([type=hidden], [type=radio], [type=checkbox]), select, textarea, input:checked";
  const fields = [...dialog.querySelectorAll(".dialog-body :is(" + typed + ")")];
  const first = fields.find((field) => !field.disabled && field.getClientRects().length && !field.closest("fieldset:disabled"));
  // Only a question: the harmless answer has the keys.
  (first ?? dialog.querySelector(".form-actions [data-close]"))?.focus();
}
