// The back office's branding page: what is chosen shows in the preview at once.

const form = document.querySelector("form[data-branding]");
const sheet = document.querySelector("link[data-preview-css]");
const colour = form.elements.accent_color;
const own = form.elements.use_accent;

// The browser's chooser beside the field, in which a colour can be typed.
const chooser = Object.assign(document.createElement("input"), { type: "color", value: colour.value });
chooser.tabIndex = -1;
chooser.setAttribute("aria-hidden", "true"); // the field does the same
colour.after(chooser);
chooser.addEventListener("input", () => {
  colour.value = chooser.value;
  colour.dispatchEvent(new Event("input"));
});

// As it is kept: ff6600 and #f60 are #ff6600.
const whole = (typed) => {
  const digits = typed.replace("#", "");
  return `#${digits.length === 3 ? digits.replace(/./g, "$&$&") : digits}`;
};
const showAccent = () => {
  const url = new URL(sheet.href);
  url.searchParams.set("accent", own.checked ? whole(colour.value) : ""); // none: the portal's own
  sheet.href = url;
};
colour.addEventListener("input", () => {
  own.checked = true;
  if (!colour.checkValidity()) return;
  chooser.value = whole(colour.value);
  showAccent();
});
own.addEventListener("change", showAccent);

form.elements.portal_title.addEventListener("input", ({ target }) => {
  for (const title of document.querySelectorAll("[data-preview-title]")) {
    title.textContent = target.value || title.dataset.before || title.textContent;
  }
});

// The server reads the pictures, says what is wrong with them, and shows them; nothing is saved.
let asked = 0;
const look = async (name) => {
  const mine = ++asked;
  const given = new FormData(form);
  given.set("preview", "script");
  const answer = await fetch(location.href, { method: "POST", body: given });
  if (!answer.ok || mine !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const both = (selector, replace) => {
    const [before, after] = [document, page].map((each) => each.querySelector(selector));
    replace(before, after);
  };
  both("[data-preview]", (before, after) => before.replaceChildren(...after.childNodes));
  both(`[data-picture=${name}]`, (before, after) => before.replaceWith(after));
  both(`.field-${name}`, (before, after) => {
    before.querySelector(".errorlist")?.remove();
    before.append(...after.querySelectorAll(".errorlist"));
  });
};
for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => look(input.name));
}
document.querySelector("[data-preview-button]").hidden = true;
