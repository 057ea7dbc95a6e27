// Signs as other senders do, with nothing but Node.
//   SECRET=… node foreign.mjs github URL FILE     sends the file as a signed ping
//   node foreign.mjs ed25519|rsa|ecdsa FILE        writes public.pem and private.pem, and prints the headers of the file
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [kind, ...rest] = process.argv.slice(2);

function pair(type, options) {
  const keys = generateKeyPairSync(type, options);
  writeFileSync("public.pem", keys.publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync("private.pem", keys.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return keys.privateKey;
}

const timestamp = String(Math.floor(Date.now() / 1000));
if (kind === "github") {
  const [url, file] = rest;
  const body = readFileSync(file);
  const digest = createHmac("sha256", process.env.SECRET).update(body).digest("hex");
  const headers = {
    "Content-Type": "application/json",
    "User-Agent": "GitHub-Hookshot/044aadd",
    "X-GitHub-Event": "ping",
    "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "X-Hub-Signature-256": `sha256=${digest}`,
  };
  const response = await fetch(url, { method: "POST", headers, body });
  console.log(response.status);
} else {
  const body = readFileSync(rest[0]);
  const stamped = Buffer.concat([Buffer.from(timestamp), body]);
  if (kind === "ed25519") {
    console.log(`X-Signature-Ed25519: ${sign(null, stamped, pair("ed25519")).toString("hex")}`);
    console.log(`X-Signature-Timestamp: ${timestamp}`);
  } else if (kind === "rsa") {
    const key = pair("rsa", { modulusLength: 2048 });
    console.log(`X-Signature-SHA256: ${sign("sha256", body, key).toString("base64")}`);
  } else {
    const key = pair("ec", { namedCurve: "prime256v1" });
    console.log(`X-Twilio-Email-Event-Webhook-Signature: ${sign("sha256", stamped, key).toString("base64")}`);
    console.log(`X-Twilio-Email-Event-Webhook-Timestamp: ${timestamp}`);
  }
}
