// Comfort for choosing rows of a list: all of a page by one box, how many are chosen, and those on
// other pages. Without it each row has its box.

const bar = document.querySelector("[data-actions]");
if (bar) {
  const boxes = [...document.querySelectorAll("#result_list [name=_selected_action]")];
  const count = bar.querySelector("[data-count]");
  const across = bar.querySelector("input.select-across");
  const all = bar.querySelector("[data-all]");
  const note = bar.querySelector("[data-all-note]");
  const head = document.querySelector(".action-checkbox-column");
  const none = count.textContent;

  const every = Object.assign(document.createElement("input"), { type: "checkbox", id: "action-toggle" });
  every.setAttribute("aria-label", head.dataset.label);
  head.replaceChildren(every);

  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    every.checked = chosen === boxes.length;
    every.indeterminate = chosen > 0 && !every.checked;
    if (!every.checked) across.value = 0;
    const isAll = across.value === "1";
    count.textContent = chosen ? count.dataset.count.replace("{n}", chosen) : none;
    count.hidden = isAll;
    if (all) [all.hidden, note.hidden] = [!every.checked || isAll, !isAll];
  };
  every.addEventListener("change", () => {
    for (const box of boxes) box.checked = every.checked;
    show();
  });
  all?.addEventListener("click", () => {
    across.value = 1;
    show();
  });

  // Shift takes the rows between two.
  let last = null;
  for (const box of boxes) {
    box.addEventListener("click", (event) => {
      const [from, to] = [boxes.indexOf(last ?? box), boxes.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey) for (const each of boxes.slice(from, to)) each.checked = box.checked;
      last = box;
      show();
    });
  }
  addEventListener("pageshow", show);
}

// A list of a filter closes by Escape, and when somebody goes on elsewhere.
const filters = [...document.querySelectorAll("details.filter")];
addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && filters.find((each) => each.open);
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
addEventListener("click", (event) => {
  for (const each of filters) if (!each.contains(event.target)) each.open = false;
});
