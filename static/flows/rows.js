// Adds rows to a list of controls, and takes them away; the server reads them in their order.

class RowList extends HTMLElement {
  connectedCallback() {
    if (this.started) return;
    this.started = true;
    this.list = this.querySelector("ol");
    this.addButton = this.querySelector("[data-add-row]");
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-add-row]")) this.add();
      const row = event.target.closest("[data-remove-row]")?.closest("li");
      if (row) this.take(row);
    });
    this.refresh();
  }

  add() {
    this.list.append(this.querySelector("template").content.cloneNode(true));
    this.refresh();
    this.list.lastElementChild.querySelector("input, select")?.focus();
  }

  take(row) {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.refresh();
    (near?.querySelector("input, select") ?? this.addButton).focus();
    this.list.dispatchEvent(new Event("change", { bubbles: true }));
  }

  refresh() {
    const count = this.list.children.length;
    this.addButton.hidden = count >= Number(this.dataset.most);
    for (const button of this.list.querySelectorAll("[data-remove-row]")) {
      button.disabled = count <= Number(this.dataset.least);
    }
  }
}

customElements.get("row-list") ?? customElements.define("row-list", RowList);
