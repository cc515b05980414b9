// Runs the vectors: node vectors.mjs ../../../tests/offline/data/vectors.json
import { readFileSync } from "node:fs";
import { Licence, licenceKey, readProduct } from "./licence.mjs";

const vectors = JSON.parse(readFileSync(process.argv[2]));
const { context, machine, products } = vectors;
const publicKeys = context.publicKeys.map((name) => products[name]);
const file = JSON.stringify({ productId: context.productId, publicKeys });
const product = readProduct(Buffer.from(file));
const bytes = ({ text, base64 }) => Buffer.from(text ?? base64, text === undefined ? "base64" : "utf8");

function licenceOf(vector, kept) {
  const state = { machine, key: vector.asked ?? context.key, request: context.activationRequest,
    seen: vector.lastSeen, signedAt: vector.signedAt, ...kept };
  const fingerprint = vector.fingerprint ?? context.fingerprint;
  return new Licence(product, fingerprint, state, () => vector.now ?? context.now);
}

const asked = { req: context.deactivationRequest, aid: context.activationId, lid: context.licenseId };
const runs = {
  responses: (vector) => licenceOf(vector).install(bytes(vector)),
  starts: (vector) => licenceOf(vector, { token: vector.text, tokenKey: context.key }).status(),
  receipts: (vector) => licenceOf(vector, { asked }).receipt(bytes(vector)),
  productFiles: (vector) => [...readProduct(bytes(vector)).keys.keys()].join(),
  licenseKeys: (vector) => licenceKey(vector.text),
};
const wanted = ({ outcome, why = "refused", status, kids, key }) =>
  outcome === "refused" ? why : status ?? kids?.join() ?? key ?? "valid";

let passed = 0, failed = 0;
for (const [kind, run] of Object.entries(runs)) {
  for (const vector of vectors[kind]) {
    let found;
    try { found = run(vector) ?? "valid"; } catch (error) { found = error.why ?? "refused"; }
    if (found === wanted(vector)) { passed += 1; continue; }
    failed += 1;
    console.error(`${kind}, ${vector.name}: ${found} instead of ${wanted(vector)}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
