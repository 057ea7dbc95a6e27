// Runs the receiver that docs/signatures.md shows for Express, with as much of Express as it uses.
//   node documented.mjs SNIPPET
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

process.env.TRACKPILOTS_WEBHOOKS_SECRET_KEY = process.env.SECRET;
let receive;
const app = { post: (_path, _parser, handler) => (receive = handler) };
const express = { raw: (options) => options };
new Function("app", "express", "crypto", readFileSync(process.argv[2], "utf8"))(app, express, crypto);

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const req = { body: Buffer.concat(parts), get: (name) => request.headers[name.toLowerCase()] };
  const res = {
    status(status) {
      response.statusCode = status;
      return res;
    },
    send: (text) => response.end(text),
  };
  try {
    receive(req, res);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
