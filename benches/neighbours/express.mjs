// The Express neighbour: the raw body, as Express documents it (express.raw), the HMAC, and fs.appendFile before the response.
//   PORT, SECRET, FILE and MODULES, the folder that holds node_modules, come from the environment.
import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { PORT, SECRET, FILE, MODULES } = process.env;
const express = createRequire(`${MODULES}/`)("express");
const app = express();

app.post("/hooks/github", express.raw({ type: "application/json", limit: "5mb" }), async (req, res) => {
  const expected = Buffer.from(`sha256=${createHmac("sha256", SECRET).update(req.body).digest("hex")}`);
  const received = Buffer.from(req.get("X-Hub-Signature-256") ?? "");
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) return res.sendStatus(401);
  await appendFile(FILE, Buffer.concat([req.body, Buffer.from("\n")]));
  res.sendStatus(200);
});

app.listen(Number(PORT), "127.0.0.1");
