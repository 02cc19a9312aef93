// Dialogs that the server sends into #dialog: opened when they arrive, closed by `data-close`, a click beside them,
// Escape, or `HX-Trigger: dialog-close`. A trigger element says `hx-get=… hx-target="#dialog"`.
import { openDialog } from "./opening.js";

const place = document.getElementById("dialog");
let opener = null;

function close() {
  place.querySelector("dialog[open]")?.close();
}

if (place) {
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target !== place || place.contains(event.detail.elt)) return;
    // What was chosen in a menu closes it; its button is what the focus returns to.
    const menu = event.detail.elt.closest("details.menu");
    opener = menu?.querySelector("summary") ?? event.detail.elt;
    if (menu) menu.open = false;
  });

  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (!place.contains(event.detail.target)) return;
    const dialog = place.querySelector("dialog");
    if (!dialog || dialog.open) return;
    dialog.addEventListener("close", () => {
      // A dialog that was answered by another one has already been taken out.
      if (place.contains(dialog)) place.replaceChildren();
      opener?.isConnected && opener.focus();
    });
    openDialog(dialog);
  });

  // Only a press that also began beside the dialog closes it, so that selecting text out of a field does not; nor does
  // one that closes a menu over it.
  let pressed = null;
  place.addEventListener("pointerdown", (event) => (pressed = place.querySelector(":popover-open") ? null : event.target));
  place.addEventListener("click", (event) => {
    const beside = event.target.matches("dialog") && pressed === event.target;
    if (beside || event.target.closest("[data-close]")) close();
  });
  document.body.addEventListener("dialog-close", close);
}
