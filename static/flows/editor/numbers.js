/** Opens what a number on a shape stands for as a dialog: who is there, who failed there, what came of it. */

export function attachNumbers(editor) {
  const { root, canvas } = editor;
  const place = document.getElementById("dialog");

  async function show(link) {
    const id = link.dataset.nodeNumbers;
    await window.htmx.ajax("GET", link.href, { source: link, target: "#dialog", swap: "innerHTML" });
    // The number may be gone by the time one has seen enough.
    place.querySelector("dialog")?.addEventListener("close", () => { if (!link.isConnected || link.hidden) canvas.focus(id); });
  }

  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-node-numbers]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link);
  });

  // What was pressed in the dialog is gone with the page of the list that held it: its place takes the focus.
  document.body.addEventListener("htmx:afterSettle", () => {
    const content = place.querySelector("dialog[open] #node-content");
    if (content && document.activeElement === document.body) content.focus();
  });
}
