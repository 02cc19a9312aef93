// Picks some of many: what is ticked stays on top while the server finds others by a part of their names.

class PickSome extends HTMLElement {
  connectedCallback() {
    if (this.started) return;
    this.started = true;
    this.list = this.querySelector("[data-choices]");
    this.find = this.querySelector("[data-find]");
    this.find.addEventListener("input", (event) => {
      event.stopPropagation(); // looking for something changes nothing
      this.ask();
    });
    this.find.addEventListener("change", (event) => event.stopPropagation());
    this.find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  async ask() {
    const words = this.find.value.trim();
    this.words = words;
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (this.words !== words) return;
    const answer = await fetch(`${this.dataset.url}?${new URLSearchParams({ q: words, name: this.dataset.name })}`);
    if (!answer.ok || this.words !== words) return;
    const found = document.createElement("div");
    found.innerHTML = await answer.text();
    const ticked = [...this.list.querySelectorAll("label")].filter((label) => label.querySelector("input").checked);
    const values = new Set(ticked.map((label) => label.querySelector("input").value));
    const others = [...found.children].filter((each) => !values.has(each.querySelector("input")?.value));
    this.list.replaceChildren(...ticked, ...others);
  }
}

customElements.get("pick-some") ?? customElements.define("pick-some", PickSome);
