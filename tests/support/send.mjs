// Signs a body as Trackpilots documents it and sends it, with nothing but Node.
//   SECRET=… node send.mjs URL developer|reseller FILE
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

const [url, kind, file] = process.argv.slice(2);
const body = readFileSync(file);
const timestamp = String(kind === "reseller" ? Date.now() : Math.floor(Date.now() / 1000));
const signature = createHmac("sha256", process.env.SECRET).update(`${timestamp}.`).update(body).digest("hex");
const response = await fetch(url, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    "X-Webhook-Signature": signature,
    "X-Webhook-Timestamp": timestamp,
  },
  body,
});
console.log(JSON.stringify({ status: response.status, body: await response.text(), signature, timestamp }));
