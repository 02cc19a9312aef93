/** How many contacts stand at each shape now, and what came today, asked for again and again while somebody sees it:
 * also while the scenario is paused or scheduled, for others and the clock may start it. */

const SECONDS = 1.5; // from one question to the next, for nobody looks at counts older than two
const SHORTEST = 0.25; // after an answer that took long
const PATIENCE = 10;

export function attachLiveCounts({ root, canvas, store, say, statistics }) {
  const url = root.dataset.countsUrl;
  const shown = root.dataset.state;
  const badges = ["leaving", "catching-up", "requeueing"].map((what) => root.querySelector(`[data-${what}]`));
  const [leavingBadge, behindBadge, againBadge] = badges;
  const told = (n) => n.toLocaleString("en");

  function show(badge, what, words) {
    badge.hidden = !what;
    if (what) badge.textContent = words();
  }
  let timer, asking, again, toldOf;

  async function look() {
    if (asking) return void (again = true); // the statistics were opened meanwhile: they are asked for next
    clearTimeout(timer);
    const asked = performance.now();
    if (!document.hidden) {
      asking = true;
      again = false;
      try {
        const answer = await fetch(statistics.isOpen() ? `${url}?statistics=1` : url, {
          headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE * 1000),
        });
        if (answer.ok) {
          const { nodes, state, leaving, catching_up: behind, requeueing, ...more } = await answer.json();
          canvas.setCounts(new Map(Object.entries(nodes)));
          if (more.now) statistics.take(more);
          show(leavingBadge, leaving, () => `${told(leaving)} still leaving`);
          show(behindBadge, behind, () => `${told(behind.done)} of ${told(behind.total)} caught up with`);
          show(againBadge, requeueing, () => `${told(requeueing)} still to try again`);
          // Ended, paused or gone on: the page shows other buttons then, once nobody reads a dialog any more.
          if (state !== shown && !document.querySelector("dialog[open]")) {
            if (!store.changed) return void location.reload();
            const now = state === "running" ? "runs now" : shown === "running" ? "does not run any more" : "is in another state now";
            if (state !== toldOf) say(`The scenario ${now}. Save your draft, then load the page again.`);
            toldOf = state;
          }
        }
      } catch { /* The server restarts or the network is away: the next look will tell. */ }
      asking = false;
    }
    const since = (performance.now() - asked) / 1000;
    timer = setTimeout(look, again ? 0 : Math.max(SECONDS - since, SHORTEST) * 1000);
    return undefined;
  }
  if (root.dataset.state === "draft") return;
  statistics.onOpen(look);
  document.addEventListener("visibilitychange", look);
  look();
}
