// A file is kept as soon as it is chosen: choosing one leaves nothing unsaved behind.
document.addEventListener("input", (event) => event.target.matches?.("[data-apart]") && event.stopPropagation(), true);
