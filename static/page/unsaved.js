// Asks before leaving a form that was changed and not sent; forms opt in with `data-unsaved`.
const changed = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-unsaved]");
  if (form) changed.add(form);
});
document.addEventListener("submit", (event) => changed.delete(event.target));
document.addEventListener("reset", (event) => changed.delete(event.target));
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) changed.delete(event.detail.elt);
});
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});
