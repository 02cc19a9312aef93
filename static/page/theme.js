// Light, dark or the system's choice, kept in a cookie so that the server prints it and nothing flashes.
const root = document.documentElement;
const choices = document.querySelectorAll("[data-theme-choice]");

function mark() {
  for (const choice of choices) {
    choice.setAttribute("aria-pressed", String(choice.dataset.themeChoice === root.dataset.theme));
  }
}

for (const choice of choices) {
  choice.addEventListener("click", () => {
    root.dataset.theme = choice.dataset.themeChoice;
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    mark();
  });
}
mark();
