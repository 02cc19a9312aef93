// Saves one block, or all that is not saved: all of it or nothing.
import { toast } from "../../page/toast.js";
import { blockOf, blocks, chain, dirtyBlocks, forget, formOf, isDirty, isGone, keepOrder, keyOf, settle, shownBlocks, start } from "./list.js";
import { showParts } from "./parts.js";
import { send } from "./sending.js";
import { drawn, sweep } from "./steps.js";

let saving = false;

export async function saveSteps(one = null) {
  const wanted = one ? [one] : dirtyBlocks();
  if (saving || !wanted.length || !wanted.some(isDirty)) return;
  saving = true;
  chain.classList.add("saving");
  const { ok, text } = await send(chain.dataset.saveUrl, body(wanted, !one));
  chain.classList.remove("saving");
  saving = false;
  if (ok) answered(JSON.parse(text), wanted, !one);
}

function body(wanted, whole) {
  const sent = new FormData();
  for (const block of wanted) {
    if (isGone(block)) sent.append("removed", keyOf(block));
    else {
      sent.append("key", keyOf(block));
      for (const [name, value] of new FormData(formOf(block))) sent.append(name, value);
    }
  }
  for (const block of shownBlocks()) sent.append("order", keyOf(block));
  sent.set("base", chain.dataset.stamp);
  if (whole) sent.set("whole", "1");
  return sent;
}

function answered(answer, wanted, whole) {
  toast(answer.said, answer.saved ? "success" : "error");
  if (answer.saved) {
    chain.dataset.stamp = answer.stamp;
    document.querySelector("[data-draft-notice]").hidden = !answer.draft;
    if (whole) sweep();
    for (const block of wanted) if (isGone(block)) forget(block);
    keepOrder(Object.keys(answer.blocks));
  }
  for (const [key, html] of Object.entries(answer.blocks)) {
    const block = blockOf(key);
    // What was not sent and has changes of its own stays as it stands in the page.
    if (block && (!answer.saved || wanted.includes(block) || (!isGone(block) && !isDirty(block)))) replace(block, html);
  }
  settle();
  const wrong = blocks().find((block) => "wrong" in block.dataset);
  if (!answer.saved && wrong) {
    wrong.scrollIntoView({ block: "start" });
    const field = wrong.querySelector(".invalid :is(input:not([type=hidden]), select, textarea)");
    field?.focus({ preventScroll: true });
    // With the sentence under it, and not behind the bar at the bottom.
    field?.closest(".field").scrollIntoView({ block: "center" });
  }
}

function replace(block, html) {
  const fresh = drawn(html);
  fresh.querySelector("details").open = block.querySelector("details").open || "wrong" in fresh.dataset;
  block.replaceWith(fresh);
  window.htmx.process(fresh);
  showParts(fresh);
  start(fresh);
}

