/** Opens the dialog that sends a test: of what is kept, so that all is kept before. */

export function attachTesting(saving, as) {
  const button = document.querySelector("[data-test]");
  button?.addEventListener("click", async () => {
    if (await saving.save()) window.htmx.ajax("GET", `${button.dataset.test}&${as()}`, "#dialog");
  });
}
