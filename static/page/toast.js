// Short messages at the edge: those the server printed, and `HX-Trigger: {"toast": {"text", "level"}}` of htmx answers.
const area = document.getElementById("toasts");
const SECONDS = 6;

function arm(toast) {
  toast.querySelector("[data-toast-close]").addEventListener("click", () => toast.remove());
  // What went wrong stays until it has been read.
  if (toast.matches(".error, .danger, .warning")) return;
  let timer = setTimeout(() => toast.remove(), SECONDS * 1000);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), 2000)));
}

export function toast(text, level = "info") {
  const element = document.createElement("div");
  element.className = `toast ${level}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.className = "button ghost icon small";
  close.type = "button";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  element.append(words, close);
  area.append(element);
  arm(element);
}

if (area) {
  for (const element of area.querySelectorAll("[data-toast]")) arm(element);
  document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    toast(
      status === 403
        ? "You are not allowed to do that."
        : status === 404
          ? "That is not there any more. Reload the page."
          : "That did not work. Reload the page and try again.",
      "error",
    );
  });
  document.body.addEventListener("htmx:sendError", () => toast("The server cannot be reached.", "error"));
}
