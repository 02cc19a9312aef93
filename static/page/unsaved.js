// Asks before leaving a form that was changed and not sent; forms opt in with `data-unsaved`.
const changed = new Set();

// Controls that write into a hidden field, such as the rule builder, tell of it by `change` alone.
for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    const { target } = event;
    const form = "form" in target ? target.form : target.closest?.("form");
    if (form?.matches("[data-unsaved]")) changed.add(form);
  });
}
// What came back from the server because something is wrong with it is not saved either.
for (const form of document.querySelectorAll('form[data-unsaved="already"]')) changed.add(form);
document.addEventListener("submit", (event) => changed.delete(event.target));
document.addEventListener("reset", (event) => changed.delete(event.target));
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) changed.delete(event.detail.elt);
});
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});
