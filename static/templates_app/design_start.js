// What a design starts from is chosen in a frame; the page around it is told where it is not.
const leave = () => parent.postMessage({ designed: null }, location.origin);
document.querySelector("[data-cancel]").addEventListener("click", leave);
addEventListener("message", ({ data, origin }) => {
  if (origin === location.origin && data?.leave) leave();
});
