// Comfort for the back office's forms: rows that are added, and a choice among many that is searched.
// Without it there is one empty row at a time, and the name of the wanted one is typed.

for (const table of document.querySelectorAll("[data-rows]")) {
  const add = table.closest("fieldset").querySelector("[data-add]");
  const template = table.querySelector("template");
  if (!add || !template) continue;
  add.hidden = false;
  const total = document.getElementById(`id_${table.dataset.rows}-TOTAL_FORMS`);
  add.addEventListener("click", () => {
    const row = template.content.firstElementChild.cloneNode(true);
    for (const part of row.querySelectorAll("*")) {
      for (const { name, value } of [...part.attributes]) {
        if (value.includes("__prefix__")) part.setAttribute(name, value.replaceAll("__prefix__", total.value));
      }
    }
    template.before(row);
    total.value = Number(total.value) + 1;
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}

// One of many rows: a select that offers what is found, by the pattern “combobox” of WAI-ARIA.
const WAIT = 200; // milliseconds after a key

class SearchedSelect extends HTMLElement {
  connectedCallback() {
    const select = this.querySelector("select");
    if (!select || this.input) return;
    const list = `${select.id}_found`;
    this.select = select;
    this.list = Object.assign(document.createElement("ul"), { id: list, role: "listbox", hidden: true });
    this.list.setAttribute("aria-label", this.dataset.label);
    this.input = Object.assign(document.createElement("input"), { type: "text", id: `${select.id}_search`, autocomplete: "off", role: "combobox", maxLength: 250 });
    for (const [name, value] of Object.entries({ expanded: "false", controls: list, autocomplete: "list" })) {
      this.input.setAttribute(`aria-${name}`, value);
    }
    for (const name of ["aria-invalid", "aria-describedby", "aria-label"]) {
      if (select.hasAttribute(name)) this.input.setAttribute(name, select.getAttribute(name));
    }
    const label = document.querySelector(`label[for="${select.id}"]`);
    if (label) label.htmlFor = this.input.id;
    else this.input.setAttribute("aria-label", this.dataset.label);
    select.hidden = true;
    select.addEventListener("change", () => this.told());
    this.append(this.input, this.list);
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("click", () => this.list.hidden && this.ask(0));
    this.input.addEventListener("blur", () => this.leave());
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus
    this.list.addEventListener("click", ({ target }) => this.take(target.closest("[data-value]")));
    this.told();
  }

  // What is chosen stands in the field.
  told() {
    const [chosen] = this.select.selectedOptions;
    this.input.value = chosen?.value ? chosen.text : "";
  }

  ask(wait = WAIT) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const typed = this.input.value.trim();
      const [chosen] = this.select.selectedOptions;
      const url = new URL(this.dataset.url, location);
      url.searchParams.set("term", typed === chosen?.text ? "" : typed);
      const answer = await fetch(url).catch(() => null);
      if (!answer?.ok || this.input.value.trim() !== typed || document.activeElement !== this.input) return;
      const { results, pagination } = await answer.json();
      this.show(results, pagination.more);
    }, wait);
  }

  show(found, more) {
    const options = found.map(({ id, text }, number) => {
      const option = Object.assign(document.createElement("li"), { id: `${this.list.id}_${number}`, role: "option", textContent: text });
      option.dataset.value = id;
      return option;
    });
    this.list.replaceChildren(...options);
    if (more || !found.length) {
      const note = Object.assign(document.createElement("li"), { className: "quiet", role: "option" });
      note.setAttribute("aria-disabled", "true");
      note.textContent = found.length ? this.dataset.more : this.dataset.none;
      this.list.append(note);
    }
    this.open(true);
    this.mark(null);
  }

  open(is) {
    this.list.hidden = !is;
    this.input.setAttribute("aria-expanded", String(is));
    if (!is) this.mark(null);
  }

  mark(option) {
    this.list.querySelector("[aria-selected]")?.removeAttribute("aria-selected");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const options = [...this.list.querySelectorAll("[data-value]")];
    const at = options.findIndex((option) => option.hasAttribute("aria-selected"));
    if (event.key === "Escape" && !this.list.hidden) {
      this.open(false);
      this.told();
    } else if (event.key === "Enter" && !this.list.hidden) {
      this.take(options[at]);
    } else if (["ArrowDown", "ArrowUp"].includes(event.key)) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (this.list.hidden) this.ask(0);
      else if (options.length) this.mark(options.at((at + step + (at < 0 && step < 0 ? 1 : 0)) % options.length));
    } else {
      return;
    }
    event.preventDefault();
  }

  take(option) {
    if (!option) return;
    const { value } = option.dataset;
    if (![...this.select.options].some((each) => each.value === value)) this.select.add(new Option(option.textContent, value));
    this.select.value = value;
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
    this.open(false);
  }

  // Nothing is chosen by who empties the field; what was typed by halves is taken back.
  leave() {
    clearTimeout(this.timer);
    this.open(false);
    if (!this.input.value.trim() && this.select.querySelector('option[value=""]')) this.select.value = "";
    this.told();
  }
}
customElements.define("searched-select", SearchedSelect);
