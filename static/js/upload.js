// The back office's upload of release files: a bar that shows how far it is. Without this script
// the form is sent as it is.

for (const form of document.querySelectorAll("form[data-upload]")) {
  const bar = form.querySelector("progress");
  const failed = form.querySelector(".upload-failed");
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    const over = (broken) => {
      bar.hidden = true;
      button.disabled = false;
      failed.hidden = !broken;
    };
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
    });
    request.addEventListener("load", () => {
      over(request.status !== 200);
      // Without JSON it is another page, to which whoever has to sign in first was led.
      if (request.status === 200) location.assign(request.response?.location ?? request.responseURL);
    });
    request.addEventListener("error", () => over(true));
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.responseType = "json";
    bar.hidden = false;
    failed.hidden = true;
    button.disabled = true;
    request.send(new FormData(form));
  });
}
