// Comfort for every page: copying, local times, forms that are sent once. Nothing depends on it.

const live = document.createElement("div");
live.className = "visually-hidden";
live.setAttribute("role", "status");
document.body.append(live);

// A copy button is in the page, hidden, until there is a script that makes it work.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy || button.previousElementSibling.textContent);
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

// So is a button that prints the page, or keeps it as a PDF.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The server writes moments in UTC; here they become the visitor's own zone, which is named. Days
// that the vendor gave have no mark and stay what they are.
const language = document.documentElement.lang;
const date = { day: "numeric", month: "long", year: "numeric" };
const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
const formats = {
  date: new Intl.DateTimeFormat(language, date),
  full: new Intl.DateTimeFormat(language, { ...date, ...time }),
};
for (const element of document.querySelectorAll("time[data-moment]")) {
  const moment = new Date(element.dateTime);
  const written = formats[element.dataset.moment]; // none for "5 minutes ago"
  if (written) element.textContent = written.format(moment);
  if (element.title) element.title = formats.full.format(moment);
}
