// A button with `data-copy="#id"` copies what that element says.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    label.textContent = "Copied";
  } catch {
    // Without the clipboard (plain http) the text is at least selected.
    getSelection().selectAllChildren(source);
    label.textContent = "Selected";
  }
  setTimeout(() => (label.textContent = before), 2000);
});
