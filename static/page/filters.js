// A form with `data-submit-on-change` is sent as soon as a choice in it changes; its button serves everything else.
document.addEventListener("change", (event) => {
  if (event.target.matches("form[data-submit-on-change] select")) event.target.form.requestSubmit();
});
