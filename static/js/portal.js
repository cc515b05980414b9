// Comfort for every page: copying, local times, forms that send themselves. Nothing depends on it.

const live = document.createElement("div");
live.className = "visually-hidden";
live.setAttribute("role", "status");
document.body.append(live);

// A copy button is in the page, hidden, until there is a script that makes it work.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    live.textContent = button.dataset.copied;
    const use = button.querySelector("use");
    const before = use.getAttribute("href");
    use.setAttribute("href", before.replace("#copy", "#check"));
    setTimeout(() => {
      use.setAttribute("href", before);
      live.textContent = "";
    }, 2000);
  });
}

// The server writes UTC; here it becomes the visitor's own zone.
const language = document.documentElement.lang;
const formats = {
  date: new Intl.DateTimeFormat(language, { dateStyle: "long" }),
  full: new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }),
};
for (const time of document.querySelectorAll("time[data-moment]")) {
  const moment = new Date(time.dateTime);
  time.title = time.title || time.textContent;
  time.textContent = formats[time.dataset.moment].format(moment);
}

for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => form.requestSubmit());
  }
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
