// Swagger UI is dark where <html> has a class; ours follows the person's choice, else the system's.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  const { theme } = root.dataset;
  root.classList.toggle("dark-mode", theme === "dark" || (theme === "system" && system.matches));
}

system.addEventListener("change", follow);
follow();
