// Comfort for forms, in the portal and the back office. Without it a form that is sent twice counts
// once all the same, by the token that it came with, and who was not signed in any more is told so.

const forms = [...document.querySelectorAll("form[method=post]")];
const note = document.querySelector("template[data-typed]"); // names who is signed in
const LONGEST = 200_000; // characters of what is kept

// Who comes back to a page, loads it again or opens its tab twice has the same forms as before. The
// token is kept with the page's place in the browser's history.
const tokens = forms.map((form) => form.elements.namedItem("once")).filter(Boolean);
if (tokens.length) {
  const once = history.state?.once ?? tokens[0].value;
  history.replaceState({ ...history.state, once }, "");
  for (const token of tokens) token.value = once;
}

// A form is sent once, however often its button is pressed; again by who has stopped it, or whose
// network did. At the document, after the scripts that send a form by themselves.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
  keep(form);
});
addEventListener("pageshow", () => {
  for (const form of forms) delete form.dataset.sent;
});

// What was typed is kept for the way over the sign-in page, in this tab and for this person alone.
const NOT_KEPT = ["hidden", "password", "file", "submit", "button", "reset", "image"];

function keep(form) {
  const fields = [...form.elements].filter(isKept);
  if (!note || !fields.length) return;
  const typed = {
    person: note.dataset.typed,
    path: location.pathname,
    form: forms.indexOf(form),
    fields: fields.map(({ name, type, value, checked, selectedOptions }) => ({
      name,
      value,
      checked: ["checkbox", "radio"].includes(type) ? checked : undefined,
      chosen: selectedOptions && [...selectedOptions].map((option) => [option.text, option.value]),
    })),
  };
  const text = JSON.stringify(typed);
  if (text.length <= LONGEST) sessionStorage.setItem("typed", text);
}

function isKept(field) {
  if ("secret" in field.dataset || field.autocomplete === "one-time-code") return false;
  return field.name && !NOT_KEPT.includes(field.type);
}

const typed = JSON.parse(sessionStorage.getItem("typed"));
if (typed && document.querySelector("[data-unsaved]")) {
  sessionStorage.setItem("typed", JSON.stringify({ ...typed, unsaved: true }));
  document.querySelector("[data-kept]").hidden = false;
} else if (typed) {
  sessionStorage.removeItem("typed");
  const isHere = typed.person === note?.dataset.typed && typed.path === location.pathname;
  if (typed.unsaved && isHere && forms[typed.form]) fillIn(forms[typed.form], typed.fields);
}

function fillIn(form, fields) {
  const left = fields.filter((field) => !filledIn(form, field)).map(({ value }) => value);
  const [shown] = note.content.children;
  if (left.length) {
    const told = shown.querySelector("[data-left]");
    told.hidden = false;
    told.append(left.join(", "));
  }
  note.replaceWith(shown);
}

// Whether it is, or there was nothing to fill in.
function filledIn(form, { name, value, checked, chosen }) {
  const found = [...form.elements].filter((field) => field.name === name);
  const field = checked === undefined ? found[0] : found.find((each) => each.value === value);
  if (!field) return checked === undefined ? !value : !checked;
  if (field.readOnly) return true;
  const folded = field.closest("details");
  if (folded) folded.open = true;
  if (chosen) choose(field, chosen);
  else if (checked !== undefined) field.checked = checked;
  else field.value = value;
  for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  return true;
}

function choose(select, chosen) {
  for (const [text, value] of chosen) {
    // What is searched for is not among the choices until it is chosen.
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(text, value));
  }
  const values = chosen.map(([, value]) => value);
  for (const option of select.options) option.selected = values.includes(option.value);
}

// Where the navigation is higher than the window, the entry of the page is in sight.
document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest" });
