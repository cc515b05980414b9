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

const showAccent = () => {
  const accent = own.checked ? colour.value : form.dataset.defaultAccent;
  const url = new URL(sheet.href);
  url.searchParams.set("accent", accent);
  sheet.href = url;
};
colour.addEventListener("input", () => {
  if (!colour.checkValidity()) return;
  chooser.value = colour.value;
  own.checked = true;
  showAccent();
});
own.addEventListener("change", showAccent);

form.elements.portal_title.addEventListener("input", ({ target }) => {
  for (const title of document.querySelectorAll("[data-preview-title]")) {
    title.textContent = target.value || title.dataset.before || title.textContent;
  }
});

for (const scheme of ["light", "dark"]) {
  form.elements[`logo_${scheme}`].addEventListener("change", ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      const logo = document.querySelector(`[data-preview-logo=${scheme}]`);
      logo.hidden = false;
      logo.removeAttribute("width");
      logo.removeAttribute("height");
      logo.src = reader.result;
      const title = logo.parentElement.querySelector("[data-preview-title]");
      if (title) title.hidden = true;
    });
    reader.readAsDataURL(file);
  });
}
document.querySelector("[data-preview-button]").hidden = true;
