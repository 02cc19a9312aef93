/** Says one sentence to everybody: shown for some seconds and read out by screen readers. */

const SECONDS = 7;

export function createAnnouncer(region) {
  let timer;
  return function say(sentence) {
    clearTimeout(timer);
    // The same sentence twice must be read out twice: an unchanged text would not be.
    region.textContent = "";
    region.textContent = sentence;
    region.classList.toggle("shown", Boolean(sentence));
    timer = setTimeout(() => region.classList.remove("shown"), SECONDS * 1000);
  };
}
