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

// A menu near the bottom of the window opens upwards, one near the left edge opens to the right.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu[open]") || menu.matches(".account")) return;
    menu.classList.remove("up", "start");
    const box = menu.querySelector(":scope > div")?.getBoundingClientRect();
    if (!box) return;
    menu.classList.toggle("up", box.bottom > window.innerHeight && box.height < menu.getBoundingClientRect().top);
    menu.classList.toggle("start", box.left < 8);
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
