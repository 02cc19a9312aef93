// The sidebar behind the menu button of narrow screens, and menus that close when one looks elsewhere.
const sidebar = document.getElementById("sidebar");
const toggle = document.querySelector("[data-menu-toggle]");
const scrim = document.querySelector("[data-menu-close]");

function show(open) {
  sidebar.classList.toggle("open", open);
  toggle.setAttribute("aria-expanded", String(open));
  scrim.hidden = !open;
  if (open) sidebar.querySelector("a, button, summary").focus();
}

toggle?.addEventListener("click", () => show(!sidebar.classList.contains("open")));
scrim?.addEventListener("click", () => show(false));

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A menu is laid over the page beside its button, so that a scrolling table around it cannot cut it off; it opens
// upwards near the bottom of the window.
function place(menu) {
  const list = menu.querySelector(":scope > div");
  if (!list) return;
  const button = menu.querySelector("summary").getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const below = button.bottom + 6;
  const fits = below + height < window.innerHeight || button.top < height;
  list.style.position = "fixed";
  list.style.right = "auto";
  list.style.bottom = "auto";
  list.style.top = `${fits ? below : button.top - height - 6}px`;
  const wanted = menu.matches(".start") ? button.left : button.right - width;
  list.style.left = `${Math.max(8, Math.min(wanted, window.innerWidth - width - 8))}px`;
}

function movable(menu) {
  return menu.matches("details.menu[open]:not(.account)");
}

document.addEventListener("toggle", (event) => event.target.matches && movable(event.target) && place(event.target), true);

// What it hangs on moves away under it.
document.addEventListener(
  "scroll",
  (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]:not(.account)")) {
      if (event.target.contains(menu) && !menu.querySelector(":scope > div")?.contains(event.target)) menu.open = false;
    }
  },
  true,
);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (sidebar?.classList.contains("open")) {
    show(false);
    toggle.focus();
  }
});
