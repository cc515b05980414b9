// Comfort for forms, in the portal and the back office. Without it a form has the token that it came
// with, and what was typed is lost when a session runs out.

const forms = [...document.querySelectorAll("form[method=post]")];

// Who comes back to a page, loads it again or opens its tab twice has the same forms as before: what
// is sent again counts once. The token is kept with the page's place in the browser's history.
const tokens = forms.map((form) => form.elements.namedItem("once")).filter(Boolean);
if (tokens.length > 0) {
  const once = history.state?.once ?? tokens[0].value;
  history.replaceState({ ...history.state, once }, "");
  for (const token of tokens) token.value = once;
}

// What was typed is kept for the way over the sign-in page, in this tab alone: no passwords or files.
const LEFT_OUT = ["hidden", "password", "file", "submit", "button", "reset"];
const said = (form) =>
  [...form.elements]
    .filter((field) => field.name && !LEFT_OUT.includes(field.type))
    .map(({ name, type, value, checked, selectedOptions }) => ({
      name,
      value,
      checked: ["checkbox", "radio"].includes(type) ? checked : undefined,
      chosen: selectedOptions && [...selectedOptions].map((option) => [option.text, option.value]),
    }));

for (const form of forms) {
  if ("signIn" in form.dataset) continue;
  form.addEventListener("submit", () => {
    const typed = { path: location.pathname, number: forms.indexOf(form), fields: said(form) };
    sessionStorage.setItem("typed", JSON.stringify(typed));
  });
}

const typed = JSON.parse(sessionStorage.getItem("typed"));
if (typed && document.querySelector("form[data-sign-in]")) {
  sessionStorage.setItem("typed", JSON.stringify({ ...typed, cameBy: true }));
} else if (typed) {
  sessionStorage.removeItem("typed");
  const form = forms[typed.number];
  if (typed.cameBy && typed.path === location.pathname && form) fillIn(form, typed.fields);
}

function fillIn(form, fields) {
  for (const { name, value, checked, chosen } of fields) {
    const found = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const field = checked === undefined ? found[0] : found.find((each) => each.value === value);
    if (!field || field.readOnly) continue;
    if (chosen) choose(field, chosen);
    else if (checked !== undefined) field.checked = checked;
    else field.value = value;
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  }
  const note = document.querySelector("template[data-typed]");
  if (note) note.replaceWith(note.content);
}

function choose(select, chosen) {
  for (const [text, value] of chosen) {
    // What is searched for is not among the choices until it is chosen.
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(text, value));
  }
  const values = chosen.map(([, value]) => value);
  for (const option of select.options) option.selected = values.includes(option.value);
}
