// A receiver in Fastify, correct or with one mistake.
//   node fastify.mjs fastify MODE
import crypto from "node:crypto";
import { documented, framework, hex, mode, path, require, same, secret, status } from "./node.mjs";

const LIMIT = { bodyLimit: 64 * 1024 * 1024 };
const make = require(framework);
const headers = (request) => [request.headers["x-webhook-signature"], request.headers["x-webhook-timestamp"]];
const verifying = (body, key) => (request, reply) => {
  const [signature, timestamp] = headers(request);
  reply.code(status(signature, timestamp, () => hex(timestamp, body(request), key))).send();
};
const verifyRaw = verifying((request) => request.body);

// Fastify with the raw body, as bytes or text.
function raw(options = LIMIT, type = "*", parseAs = "buffer") {
  const fastify = make(options);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(type, { parseAs }, (_request, body, done) => done(null, body));
  return fastify;
}
const withRaw = (handler, ...rest) => {
  const fastify = raw(...rest);
  fastify.post(path, handler);
  return fastify;
};
const withJson = (handler, options = {}) => {
  const fastify = make(LIMIT);
  fastify.post(path, options, handler);
  return fastify;
};

const receivers = {
  text: () => withRaw(verifyRaw, LIMIT, "*", "string"),
  // 1 MiB: large deliveries are lost, which is advised against and no failure.
  "default-limit": () => withRaw(verifyRaw, {}),
  "small-limit": () => withRaw(verifyRaw, { bodyLimit: 65536 }),
  "exact-type": () => withRaw(verifyRaw, LIMIT, /^application\/json$/),
  stringify: () => withJson(verifying((request) => JSON.stringify(request.body))),
  "object-in-template": () => withJson(verifying((request) => `${request.body}`)),
  "no-raw-body": () => withJson(verifying((request) => `${request.rawBody}`)),
  "hashes-object": () => withJson(verifying((request) => request.body)),
  "reads-stream": () => withJson(async (request, reply) => {
    const parts = [];
    request.raw.on("data", (part) => parts.push(part));
    await new Promise(setImmediate);
    await verifying(() => Buffer.concat(parts))(request, reply);
    return reply;
  }),
  "never-answers": () => withRaw((request, reply) => {
    const [s, t] = headers(request);
    if (s && t && same(s, hex(t, request.body))) reply.send("ok");
  }),
  "async-throws": () => withRaw(async (request) => {
    const [s, t] = headers(request);
    if (!same(s, hex(t, request.body))) throw new Error("Invalid signature");
    return "ok";
  }),
  "returns-401": () => withRaw(async (request) => {
    const [s, t] = headers(request);
    return s && t && same(s, hex(t, request.body)) ? 200 : 401;
  }),
  none: () => withJson(async () => "ok"),
  "secret-file": () => withRaw(verifying((request) => request.body, `${secret}\n`)),
  "schema-required": () => withRaw(verifyRawThenParse(["event", "simulation"])),
  "bearer-hook": () => {
    const fastify = raw();
    fastify.addHook("onRequest", async (_request, reply) => reply.code(401).header("WWW-Authenticate", "Bearer").send({ error: "missing authorization header" }));
    fastify.post(path, verifyRaw);
    return fastify;
  },
  "other-path": () => {
    const fastify = raw();
    fastify.post("/webhook", verifyRaw);
    return fastify;
  },
};

// Verifies, and refuses payloads that lack a field.
function verifyRawThenParse(required) {
  return (request, reply) => {
    const [s, t] = headers(request);
    const code = status(s, t, () => hex(t, request.body));
    const missing = code === 200 && required.find((name) => !(name in JSON.parse(request.body)));
    reply.code(missing ? 400 : code).send(missing ? { message: `body must have required property '${missing}'` } : undefined);
  };
}

let fastify;
if (mode === "documented") {
  fastify = make();
  documented({ fastify, crypto });
} else {
  fastify = receivers[mode]();
}
await fastify.listen({ port: 0, host: "127.0.0.1" });
console.log(fastify.server.address().port);
