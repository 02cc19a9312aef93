/** While the scenario runs or is being left: how many contacts stand at each shape now, asked for again and again. */

const SECONDS = 1.5; // and the answer takes its time: nobody looks at counts older than two

export function attachLiveCounts({ root, canvas, store, say }) {
  const url = root.dataset.countsUrl;
  const running = root.dataset.state === "running";
  const badge = root.querySelector("[data-leaving]"); // how many are still leaving

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(url, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const { nodes, state, leaving } = await answer.json();
          canvas.setCounts(new Map(Object.entries(nodes)));
          badge.hidden = !leaving;
          badge.textContent = `${leaving.toLocaleString("en")} still leaving`;
          // Ended or paused by somebody else: the page shows other buttons then.
          if (running && state !== "running") {
            if (!store.changed) return void location.reload();
            return void say("The scenario does not run any more. Save your draft, then load the page again.");
          }
        }
      } catch { /* The server restarts or the network is away: the next look will tell. */ }
    }
    if (running || !badge.hidden) setTimeout(look, SECONDS * 1000);
    return undefined;
  }
  if (root.dataset.state !== "draft") look();
}
