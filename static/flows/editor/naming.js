/** Changes the scenario's name where it stands. */

import { post } from "./posting.js";

export function attachNaming({ root, say }) {
  const name = root.querySelector("[data-name]");
  let known = name.value;
  function keep(kept) {
    known = name.value = kept;
    document.title = `${known} · Waypost`;
  }
  name.addEventListener("change", async () => {
    const { body } = await post(root.dataset.renameUrl, { name: name.value });
    keep(body.name ?? known);
    say(body.name ? "Renamed." : (body.refused ?? "The name could not be changed."));
  });
  name.addEventListener("keydown", (event) => { if (event.key === "Enter") name.blur(); });
  document.body.addEventListener("scenario-settings", ({ detail }) => {
    keep(detail.name);
    say("Settings kept.");
  });
}
