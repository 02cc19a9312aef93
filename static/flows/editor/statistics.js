/** The statistics under the canvas: opened and closed (a cookie remembers), and counted on while they are open. */

const MOST_LOOKS = 20; // until numbers of earlier days are read again

const number = (n) => n.toLocaleString("en");

/** Draws all bars of one drawing anew after those of today have grown. */
function redraw(drawing) {
  const bars = [...drawing.querySelectorAll(".bar")];
  const { height } = drawing.viewBox.baseVal;
  const most = Math.max(1, ...bars.map((bar) => Number(bar.dataset.n)));
  for (const bar of bars) {
    const n = Number(bar.dataset.n);
    const tall = n > 0 ? Math.max((n * height) / most, 1.5) : 0;
    bar.setAttribute("height", tall);
    bar.setAttribute("y", height - tall);
    bar.parentElement.querySelector("title").textContent = `${bar.dataset.words}: ${number(n)}`;
  }
}

export function attachStatistics(editor) {
  const { root } = editor;
  const panel = root.querySelector("[data-statistics]");
  const [toggle, body] = [panel.querySelector("[data-toggle]"), panel.querySelector("[data-body]")];
  const listeners = [];
  let places = ""; // where contacts failed, as the page has it
  let looks = 0; // since the page's numbers were read
  const content = () => body.querySelector("[data-today]");
  const isOpen = () => toggle.getAttribute("aria-expanded") === "true";

  async function load() {
    looks = 0;
    await window.htmx.ajax("GET", `${panel.dataset.url}?${content()?.dataset.shown ?? ""}`, { target: body, swap: "innerHTML" });
  }

  function set(open) {
    toggle.setAttribute("aria-expanded", String(open));
    body.hidden = !open;
    document.cookie = `statistics=${open ? "open" : "closed"}; path=/; max-age=31536000; samesite=lax`;
    if (!open) return;
    load();
    listeners.forEach((listener) => listener());
  }
  toggle.addEventListener("click", () => set(!isOpen()));
  if (isOpen()) load();

  /** Numbers by metric: what was there before today, and what came today. A period without today stays as it is. */
  function countOn(today) {
    if (!body.querySelector("[data-bars] [data-before]")) return;
    for (const element of body.querySelectorAll("[data-total], [data-cell]")) {
      const n = today[element.dataset.total ?? element.dataset.cell] ?? 0;
      const text = number(Number(element.dataset.before) + n);
      // A screen reader has no use for numbers that are written again unchanged.
      if (element.textContent !== text) element.textContent = text;
    }
    for (const drawing of body.querySelectorAll("[data-bars]")) {
      const bar = drawing.querySelector("[data-before]");
      const n = bar && Number(bar.dataset.before) + (today[drawing.dataset.bars] ?? 0);
      if (!bar || Number(bar.dataset.n) === n) continue;
      bar.dataset.n = n;
      redraw(drawing);
    }
  }

  return {
    isOpen,
    onOpen: (listener) => listeners.push(listener),
    /** Takes over what the counts' poll answered. */
    take({ now, today }) {
      if (!content()) return;
      if (content().dataset.today !== today.day) return void load(); // midnight has passed
      countOn(today);
      for (const cell of body.querySelectorAll("[data-now]")) {
        const more = cell.dataset.now === "due" && now.due >= Number(body.dataset.most) ? "+" : "";
        const text = `${number(now[cell.dataset.now])}${more}`;
        if (cell.textContent !== text) cell.textContent = text;
      }
      body.querySelector('[data-now-row="failed"]')?.classList.toggle("danger", now.failed > 0);
      const before = places;
      places = JSON.stringify(now.failed_at);
      looks += 1;
      // The list of where they failed is the server's, and now and then something is counted for an earlier day. But
      // nobody's choice of a date is torn away for it.
      const stale = (before && before !== places) || looks >= MOST_LOOKS;
      if (stale && !body.contains(document.activeElement)) load();
    },
  };
}
