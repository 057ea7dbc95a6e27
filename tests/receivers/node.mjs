// What the receivers in Node share: the frameworks of the cache, and the usual way to verify.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export const require = createRequire(`${process.env.WHYHOOK_RECEIVERS}/npm/`);
export const [, , framework, mode] = process.argv;
export const path = "/webhooks/trackpilots";
export const secret = process.env.TRACKPILOTS_WEBHOOKS_SECRET_KEY;

export const hmac = (timestamp, body, key = secret) => createHmac("sha256", key).update(`${timestamp}.`).update(body);
export const hex = (timestamp, body, key) => hmac(timestamp, body, key).digest("hex");

export function same(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

// The status for a delivery whose right signature is `expected`.
export function status(signature, timestamp, expected) {
  if (!signature || !timestamp) return 400;
  return same(expected(), signature) ? 200 : 401;
}

// The receiver that docs/signatures.md shows, with the names that it uses.
export function documented(names) {
  new Function(...Object.keys(names), readFileSync(process.env.SNIPPET, "utf8"))(...Object.values(names));
}
