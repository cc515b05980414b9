// Comfort where a password is typed: a button that shows it, and a word on how strong a new one is.
// Without scripts the help text says what is wanted.

for (const input of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button slim show-password";
  button.textContent = input.dataset.show;
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
  // What is sent is a password again, which the browser does not offer as a text.
  input.form?.addEventListener("submit", () => {
    input.type = "password";
    button.setAttribute("aria-pressed", "false");
  });
  input.after(button);
}

for (const input of document.querySelectorAll("input[data-strength]")) {
  const words = JSON.parse(input.dataset.strength);
  const told = document.createElement("div");
  told.className = "help strength";
  told.setAttribute("aria-live", "polite");
  (input.parentElement.querySelector(".help") ?? input.parentElement.lastElementChild).after(told);
  input.addEventListener("input", () => {
    told.textContent = input.value ? words[strengthOf(input.value)] : "";
  });
}

function strengthOf(password) {
  const signs = [...password.normalize("NFC")];
  if (signs.length < 10) return "short";
  if (new Set(signs).size < 5 || isRun(signs)) return "weak";
  return signs.length < 16 ? "fair" : "good";
}

function isRun(signs) {
  const steps = new Set(signs.slice(1).map((sign, n) => sign.codePointAt(0) - signs[n].codePointAt(0)));
  return steps.size === 1 && [1, -1].includes([...steps][0]);
}
