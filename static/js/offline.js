// The offline page: dropping a file, going on at once when one is chosen, fetching the response.

// What is larger than an offline file can be is cut off: the portal then says so beside the field,
// where it would refuse a much larger form as a whole.
const LARGEST = 64 * 1024 + 1;

function cutOff(input) {
  const file = input.files[0];
  if (!file || file.size <= LARGEST) return;
  const beginning = new DataTransfer();
  beginning.items.add(new File([file.slice(0, LARGEST)], file.name, { type: file.type }));
  input.files = beginning.files;
}

const drop = document.querySelector("[data-drop]");
if (drop) {
  const input = drop.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    cutOff(input);
    if (input.files.length) input.form.requestSubmit();
  });
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
    cutOff(input);
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
