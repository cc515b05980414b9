// A vendor's program in Node 18 or later without dependencies: the program's side of
// docs/offline-protocol.md. On the command line:
//   node licence.mjs request KEY | install FILE | status | deactivate | receipt FILE
// A fingerprint of its own, such as one from a dongle, comes in the variable FINGERPRINT.
import * as crypto from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname, release } from "node:os";
import { pathToFileURL } from "node:url";

const LARGEST = 65536, MOST_LEVELS = 32, SYSTEMS_APART = 14 * 3600;
const RESPONSE = "JWT", RECEIPT = "offline-deactivation-receipt+jwt";
const refused = (why) => Object.assign(new Error(`refused: ${why}`), { why });
const must = (holds, why) => { if (!holds) throw refused(why); };

// --- Files as they come ---
export function textOf(bytes) {
  must(bytes.length <= LARGEST, "text");
  const [a, b] = bytes;
  const little = (a === 0xff && b === 0xfe) || b === 0, big = (a === 0xfe && b === 0xff) || a === 0;
  const decoder = new TextDecoder(little ? "utf-16le" : big ? "utf-16be" : "utf-8", { fatal: true });
  let text;
  try { text = decoder.decode(bytes); } catch { throw refused("text"); }
  return text.replace(/\p{Cf}/gu, "").replace(/\r/g, "\n").replace(/^[^\S\n]*(>[^\S\n]*)+/gm, "");
}

function jwsIn(text, lengths) {
  const words = text.split(/\s+/).filter(Boolean);
  const from = words.slice(Math.max(0, words.findIndex((word) => word.startsWith("eyJ"))));
  let dots = 0, length = 0;
  for (const [at, word] of from.entries()) {
    const parts = word.split(".");
    dots += parts.length - 1;
    length = parts.at(-1).length + (parts.length > 1 ? 0 : length);
    if (dots === 2 && lengths.has(length)) return from.slice(0, at + 1).join("");
  }
  return words.join("");
}

export function readProduct(bytes) {
  const text = textOf(bytes).replace(/\s*\n\s*/g, "");
  const product = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  const keys = new Map(product.publicKeys.map(({ kid, pem }) => {
    const [, body] = /-----BEGIN ?PUBLIC ?KEY-----([^-]+)-----END/.exec(pem);
    const key = Buffer.from(body, "base64");
    return [kid, crypto.createPublicKey({ key, format: "der", type: "spki" })];
  }));
  if (!keys.size || typeof product.productId !== "string") throw new Error("no product file");
  return { id: product.productId, keys, portal: product.portal ?? "" };
}

export function licenceKey(text) {
  const key = text.replace(/\p{Cf}/gu, "").replace(/[\p{Pd}\u2212\u30fc\u2500]/gu, "-")
    .normalize("NFKC").replace(/\s/g, "");
  const digits = key.replace(/[^0-9A-Za-z]/g, "");
  return /^[0-9A-Fa-f]{36}$/.test(digits) ? digits.toUpperCase().match(/.{6}/g).join("-") : key;
}

// --- JWS and JSON, strictly ---
const encode = (bytes) => Buffer.from(bytes).toString("base64url");
function decode(part) {
  const bytes = Buffer.from(part, "base64url");
  must(part && encode(bytes) === part, "base64");
  return bytes;
}

function json(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text), open = [];
    for (const [token, , colon] of text.matchAll(/"((?:[^"\\]|\\.)*)"\s*(:?)|[[\]{}]/gs)) {
      if (token === "{" || token === "[") open.push(new Set());
      else if (token === "}" || token === "]") open.pop();
      else if (colon) {
        const name = JSON.parse(token.slice(0, -1)), names = open.at(-1);
        must(!names.has(name), "json");
        names.add(name);
      }
      must(open.length <= MOST_LEVELS, "json");
    }
    must(value && typeof value === "object" && !Array.isArray(value), "json");
    return value;
  } catch { throw refused("json"); }
}

function verified(bytes, product) {
  const sizes = [...product.keys.values()].map((key) => key.asymmetricKeyDetails.modulusLength / 8);
  const jws = jwsIn(textOf(bytes), new Set(sizes.map((size) => Math.ceil(size * 4 / 3))));
  const parts = jws.split(".");
  must(parts.length === 3, "text");
  const header = json(decode(parts[0]));
  must(header.alg === "RS256" && !("crit" in header), "algorithm");
  const key = product.keys.get(header.kid);
  must(key, "kid");
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  must(crypto.verify("sha256", signed, key, decode(parts[2])), "signature");
  return { jws, typ: header.typ, claims: json(decode(parts[1])) };
}

// --- The licence on this machine ---
const thumbprint = ({ crv, kty, x }) =>
  crypto.createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
const form = (key) => licenceKey(key).toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
const seconds = (value) => Number.isSafeInteger(value) && value >= 0;

export class Licence {
  constructor(product, fingerprint, state = {}, now = () => Date.now() / 1000) {
    Object.assign(this, { product, fingerprint, state, now });
  }

  request(text) {
    const key = licenceKey(text), { state } = this;
    state.machine ??= crypto.generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
    Object.assign(state, { key, request: crypto.randomUUID() });
    const os = { win32: "windows", darwin: "macos" }[process.platform] ?? "linux";
    const told = { os, osVersion: release(), hostname: hostname(), clientVersion: "example-node 1" };
    return this.#sign("offline-activation-request+jwt", { jti: state.request, key, ...told });
  }

  #sign(typ, payload) {
    const { d, ...jwk } = this.state.machine;
    const { product, fingerprint } = this, iat = Math.floor(this.now());
    const said = { ...payload, iat, productId: product.id, fingerprint };
    const header = { alg: "Ed25519", typ, jwk };
    const parts = [header, said].map((part) => encode(JSON.stringify(part))).join(".");
    const key = crypto.createPrivateKey({ key: { ...jwk, d }, format: "jwk" });
    return `${parts}.${encode(crypto.sign(null, Buffer.from(parts), key))}`;
  }

  #claimsOf(bytes) {
    const { jws, typ, claims } = verified(bytes, this.product), { state } = this;
    must(typ === RESPONSE, "kind");
    must(["iat", "eat", "leat", "orv"].every((name) => seconds(claims[name])), "claims");
    must(typeof claims.suspended === "boolean" && typeof claims.key === "string", "claims");
    must(claims.pid === this.product.id, "product");
    must(claims.fp === this.fingerprint, "fingerprint");
    must(state.machine && claims.cnf?.jkt === thumbprint(state.machine), "machine-key");
    return { jws, claims };
  }

  install(bytes) {
    const { jws, claims } = this.#claimsOf(bytes), { state } = this;
    must(state.request && form(claims.key) === form(state.key), "key");
    // Signed later than the one before: the vendor's word about the time.
    const news = claims.iat > (state.signedAt ?? 0) ? { signedAt: claims.iat, seen: claims.iat } : {};
    const seen = Math.max(this.now(), news.seen ?? state.seen ?? 0);
    must(jws === state.token || seen < claims.orv, "run-out");
    Object.assign(state, news, { token: jws, tokenKey: claims.key });
    return this.status();
  }

  status() {
    const { state } = this, now = this.now();
    if (!state.token) return "not-activated";
    let claims;
    try { ({ claims } = this.#claimsOf(Buffer.from(state.token))); }
    catch ({ why }) { return /^(fingerprint|machine-key)$/.test(why) ? "other-machine" : "invalid"; }
    if (claims.key !== state.tokenKey) return "invalid";
    const remembered = state.seen ?? 0, seen = Math.max(now, remembered);
    state.seen = seen;
    const latest = now + Math.max(claims.aco ?? 0, SYSTEMS_APART);
    if (latest < claims.iat || latest < remembered) return "clock-set-back";
    if (claims.suspended) return "suspended";
    const ends = [["eat", "expired"], ["leat", "lease-expired"], ["ssgpeat", "sync-overdue"]];
    return ends.find(([name]) => claims[name] && claims[name] <= seen)?.[1] ?? "valid";
  }

  deactivate() {
    const { state } = this;
    if (!state.token && state.asked) return state.asked.text;
    const { claims: { key, aid, lid } } = this.#claimsOf(Buffer.from(state.token ?? ""));
    const req = crypto.randomUUID();
    const text = this.#sign("offline-deactivation-request+jwt", { jti: req, key, activationId: aid });
    // From here on the machine has no key: store this before the text is handed out.
    this.state = { seen: state.seen, asked: { text, req, aid, lid } };
    return text;
  }

  receipt(bytes) {
    const { typ, claims } = verified(bytes, this.product), { asked } = this.state;
    must(typ === RECEIPT, "kind");
    must(asked && ["req", "aid", "lid"].every((name) => claims[name] === asked[name]), "request");
    delete this.state.asked;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [command, what] = process.argv.slice(2), file = "licence.json";
  const product = readProduct(readFileSync("product.json"));
  const id = process.env.FINGERPRINT ?? readFileSync("/etc/machine-id", "utf8").trim();
  must(/^[0-9a-f]{32,}$/.test(id), "this system has no id of its own");
  const fingerprint = crypto.createHash("sha256").update(`${product.id} ${id}`).digest("hex");
  const state = existsSync(file) ? JSON.parse(readFileSync(file)) : {};
  const licence = new Licence(product, fingerprint, state);
  const given = ["install", "receipt"].includes(command) ? readFileSync(what) : what;
  const said = licence[command](given) ?? "done";
  writeFileSync(`${file}.new`, JSON.stringify(licence.state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  console.log(said);
}
