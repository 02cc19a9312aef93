/** Hands a design back to the page that it was opened from; nothing is kept by itself. */

export function makeReturning({ url, headers, status, words }) {
  let begun = null;
  let left = false;
  const changed = () => !left && begun !== words();
  const tell = (designed) => {
    left = true;
    parent.postMessage({ designed }, location.origin);
  };
  const say = (text, wrong = false) => {
    status.textContent = text;
    status.classList.toggle("wrong", wrong);
  };

  function cancel() {
    if (!changed() || confirm("Leave the message as it was? What you changed here is lost.")) tell(null);
  }
  async function done() {
    say("Taking it over…");
    try {
      const answer = await fetch(url, { method: "POST", headers, body: words() });
      const told = await answer.json();
      if (answer.ok) tell(told);
      else say(told.detail, true);
    } catch {
      say("The server cannot be reached. Nothing is lost; try again.", true);
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-done]")) done();
    if (event.target.closest("[data-cancel]")) cancel();
  });
  addEventListener("message", ({ data, origin, source }) => {
    if (origin === location.origin && source === parent && data?.leave) cancel();
  });
  addEventListener("beforeunload", (event) => {
    if (changed()) event.preventDefault();
  });
  return {
    begin: () => (begun = words()),
    save: async () => true,
    changed: () => say(changed() ? "Press Done to take this over" : ""),
  };
}
