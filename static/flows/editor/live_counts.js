/** While the scenario runs, is being left, or its statistics are open: how many contacts stand at each shape now, and
 * what came today, asked for again and again. */

const SECONDS = 1.5; // and the answer takes its time: nobody looks at counts older than two

export function attachLiveCounts({ root, canvas, store, say, statistics }) {
  const url = root.dataset.countsUrl;
  const running = root.dataset.state === "running";
  const badge = root.querySelector("[data-leaving]"); // how many are still leaving
  let timer;

  async function look() {
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        const answer = await fetch(statistics.isOpen() ? `${url}?statistics=1` : url, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const { nodes, state, leaving, ...more } = await answer.json();
          canvas.setCounts(new Map(Object.entries(nodes)));
          if (more.now) statistics.take(more);
          badge.hidden = !leaving;
          badge.textContent = `${leaving.toLocaleString("en")} still leaving`;
          // Ended or paused by somebody else: the page shows other buttons then, once nobody reads a dialog any more.
          if (running && state !== "running" && !document.querySelector("dialog[open]")) {
            if (!store.changed) return void location.reload();
            return void say("The scenario does not run any more. Save your draft, then load the page again.");
          }
        }
      } catch { /* The server restarts or the network is away: the next look will tell. */ }
    }
    clearTimeout(timer); // the statistics may have been opened meanwhile, and made it look a second time
    if (running || !badge.hidden || statistics.isOpen()) timer = setTimeout(look, SECONDS * 1000);
    return undefined;
  }
  if (root.dataset.state === "draft") return;
  statistics.onOpen(look);
  look();
}
