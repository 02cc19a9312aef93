// In `data-options`, whoever fills in a field of a choice has made that choice.
document.addEventListener("input", (event) => {
  const choice = event.target.closest("[data-options] > label")?.querySelector("[type=radio]");
  if (choice && choice !== event.target) choice.checked = true;
});
