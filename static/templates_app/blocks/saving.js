/** Keeps the draft by itself a moment after the last change, and asks before the page is left with something unsaved. */

const QUIET = 1200;

export function makeSaving({ url, revision, headers, status, words, write = JSON.stringify, told = () => {} }) {
  let saved = null;
  let timer = null;
  let busy = null;
  let stopped = false;
  let leaving = false;

  const say = (text, wrong = false) => {
    status.textContent = text;
    status.classList.toggle("wrong", wrong);
  };

  async function send() {
    const sent = words();
    const body = write({ ...JSON.parse(sent), revision });
    say("Saving…");
    try {
      const answer = await fetch(url, { method: "POST", headers, body });
      const found = await answer.json();
      if (!answer.ok) {
        stopped = answer.status === 409;
        say(found.detail, true);
        return false;
      }
      revision = found.revision;
      told(revision);
      saved = sent;
      say("Saved");
      return true;
    } catch {
      say("Not saved: the server cannot be reached. It is tried again with the next change.", true);
      return false;
    }
  }

  /** Saves what is unsaved, after what is being saved now. Whether all is saved then. */
  async function save() {
    clearTimeout(timer);
    while (busy) await busy;
    if (stopped || saved === words()) return !stopped;
    busy = send();
    const done = await busy;
    busy = null;
    return done && (saved === words() || save());
  }

  addEventListener("beforeunload", (event) => {
    if (!leaving && saved !== words()) event.preventDefault();
  });

  return {
    begin: () => (saved = words()),
    save,
    /** Waits for what is being saved: the page then sends the rest itself, and is left without a question. */
    async settled() {
      clearTimeout(timer);
      while (busy) await busy;
      leaving = !stopped;
      return leaving;
    },
    changed() {
      if (saved === words()) return;
      if (!stopped) say("Not saved yet");
      clearTimeout(timer);
      timer = setTimeout(save, QUIET);
    },
  };
}
