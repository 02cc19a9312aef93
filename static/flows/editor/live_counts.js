/** While the scenario runs: how many contacts stand at each shape now, asked for again and again. */

const SECONDS = 2;

export function attachLiveCounts({ root, canvas, store, say }) {
  const url = root.dataset.countsUrl;
  const running = root.dataset.state === "running";

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(url, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const { nodes, state } = await answer.json();
          canvas.setCounts(new Map(Object.entries(nodes).map(([id, counts]) => [id, counts.waiting ?? 0])));
          // Ended or paused by somebody else: the page shows other buttons then.
          if (running && state !== "running") {
            if (!store.changed) return void location.reload();
            return void say("The scenario does not run any more. Save your draft, then load the page again.");
          }
        }
      } catch { /* The server restarts or the network is away: the next look will tell. */ }
    }
    if (running) setTimeout(look, SECONDS * 1000);
    return undefined;
  }
  if (root.dataset.state !== "draft") look();
}
