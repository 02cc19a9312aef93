// Sends forms to the server and says in a sentence why nothing came of it.
import { toast } from "../../page/toast.js";

/** {ok, text} of the answer. */
export async function send(url, sent) {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  try {
    const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, body: sent });
    const ok = answer.ok && !answer.redirected;
    if (!ok) toast("That did not work. Open the page in another tab, sign in there if need be, and try again.", "error");
    return { ok, text: await answer.text() };
  } catch {
    toast("The server cannot be reached. Nothing is lost; try again.", "error");
    return { ok: false, text: "" };
  }
}
