// The offline page: dropping a file, going on at once when one is chosen, fetching the response.

const drop = document.querySelector("[data-drop]");
if (drop) {
  const input = drop.querySelector("input[type=file]");
  input.addEventListener("change", () => input.files.length && input.form.requestSubmit());
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.form.requestSubmit();
  });
}

// The response downloads by itself once, when the page is first seen after confirming.
const download = document.querySelector("a[data-download-once]");
if (download) {
  const key = `downloaded ${download.pathname}`;
  if (!sessionStorage.getItem(key)) {
    sessionStorage.setItem(key, "yes");
    download.click();
  }
}
