/** While something moves in the scenario, or its statistics are open: how many contacts stand at each shape now, and what
 * came today, asked for again and again. */

const SECONDS = 1.5; // and the answer takes its time: nobody looks at counts older than two

export function attachLiveCounts({ root, canvas, store, say, statistics }) {
  const url = root.dataset.countsUrl;
  const running = root.dataset.state === "running";
  const badges = ["leaving", "catching-up", "requeueing"].map((what) => root.querySelector(`[data-${what}]`));
  const [leavingBadge, behindBadge, againBadge] = badges;
  const told = (n) => n.toLocaleString("en");

  function show(badge, what, words) {
    badge.hidden = !what;
    if (what) badge.textContent = words();
  }
  let timer;

  async function look() {
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        const answer = await fetch(statistics.isOpen() ? `${url}?statistics=1` : url, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const { nodes, state, leaving, catching_up: behind, requeueing, ...more } = await answer.json();
          canvas.setCounts(new Map(Object.entries(nodes)));
          if (more.now) statistics.take(more);
          show(leavingBadge, leaving, () => `${told(leaving)} still leaving`);
          show(behindBadge, behind, () => `${told(behind.done)} of ${told(behind.total)} caught up with`);
          show(againBadge, requeueing, () => `${told(requeueing)} still to try again`);
          // Ended, paused or gone on: the page shows other buttons then, once nobody reads a dialog any more.
          if (running !== (state === "running") && !document.querySelector("dialog[open]")) {
            if (!store.changed) return void location.reload();
            const now = running ? "does not run any more" : "runs now";
            return void say(`The scenario ${now}. Save your draft, then load the page again.`);
          }
        }
      } catch { /* The server restarts or the network is away: the next look will tell. */ }
    }
    clearTimeout(timer); // the statistics may have been opened meanwhile, and made it look a second time
    const moving = running || badges.some((badge) => !badge.hidden);
    if (moving || statistics.isOpen()) timer = setTimeout(look, SECONDS * 1000);
    return undefined;
  }
  if (root.dataset.state === "draft") return;
  statistics.onOpen(look);
  look();
}
