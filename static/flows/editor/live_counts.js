/** While the scenario runs: how many contacts stand at each shape now, asked for again and again. */

const SECONDS = 1.5; // and the answer takes its time: nobody looks at counts older than two

export function attachLiveCounts({ root, canvas }) {
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
          if (running && state !== "running") location.reload();
        }
      } catch { /* The server restarts or the network is away: the next look will tell. */ }
    }
    if (running) setTimeout(look, SECONDS * 1000);
  }
  if (root.dataset.state !== "draft") look();
}
