// Passkeys: asks the browser for one, or to make one, and sends the form with what it answers. The
// sign-in page also has the browser offer them where the e-mail is typed. Without scripts there is
// no button, and everybody signs in with the password.

const CAN = navigator.credentials && window.PublicKeyCredential;
const AGAIN = 4 * 60_000; // ms; what a browser is asked counts for five minutes
const BYTES = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
let asked = new AbortController(); // the one ceremony that a page may have at a time

for (const form of document.querySelectorAll("form[data-passkey]")) begin(form);

async function begin(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.dataset.pressed = "yes";
    ask(form);
  });
  const able = await isAble(form);
  form.hidden = false;
  if (!able) return cannot(form);
  if (form.dataset.optionsAt && (await CAN.isConditionalMediationAvailable?.())) offer(form);
}

// At a vendor's own domain passkeys of another host are used, which not every browser allows.
async function isAble(form) {
  if (!CAN) return false;
  if (location.hostname === form.dataset.boundTo) return true;
  const able = await CAN.getClientCapabilities?.();
  return able?.relatedOrigins !== false;
}

function offer(form) {
  if (form.dataset.pressed) return;
  ask(form, "conditional");
  setTimeout(() => offer(form), AGAIN);
}

async function ask(form, mediation) {
  asked.abort();
  const { signal } = (asked = new AbortController());
  tell(form, "");
  try {
    const publicKey = await optionsOf(form);
    const create = form.dataset.passkey === "create";
    const found = create
      ? await navigator.credentials.create({ publicKey, signal })
      : await navigator.credentials.get({ publicKey, signal, ...(mediation && { mediation }) });
    form.elements.credential.value = JSON.stringify(answerOf(found));
    stay(form);
    form.submit();
  } catch (error) {
    if (error.name === "SecurityError") cannot(form);
    else if (error.name !== "AbortError" && !mediation) tell(form, WHY[error.name] ?? "waits");
  }
}

// Whether to stay signed in is chosen beside the password, and counts for a passkey, too.
function stay(form) {
  const chosen = document.querySelector("[name=stay][type=checkbox]:checked");
  if (chosen) form.append(Object.assign(chosen.cloneNode(), { hidden: true }));
}

const WHY = { NotAllowedError: "none", InvalidStateError: "known" };

function cannot(form) {
  form.querySelector("button").hidden = true;
  tell(form, "cannot");
}

function tell(form, what) {
  for (const each of form.querySelectorAll("[data-told]")) each.hidden = each.dataset.told !== what;
}

// --- Bytes are base64url in JSON ------------------------------------------------------------------

async function optionsOf(form) {
  const options = JSON.parse(form.dataset.options ?? (await fetched(form)));
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user.id = toBytes(options.user.id);
  for (const name of ["allowCredentials", "excludeCredentials"]) {
    options[name] = (options[name] ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));
  }
  return options;
}

async function fetched(form) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
  const answer = await fetch(form.dataset.optionsAt, { method: "POST", body });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

function answerOf({ id, rawId, type, response }) {
  const said = { transports: response.getTransports?.() };
  for (const name of BYTES) if (response[name]) said[name] = toText(response[name]);
  return { id, rawId: toText(rawId), type, response: said };
}

function toBytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
}

function toText(bytes) {
  const signs = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte));
  return btoa(signs.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
