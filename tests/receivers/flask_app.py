# A receiver in Flask, correct or with one mistake.
#   python flask_app.py MODE
import hashlib
import hmac
import json
import os

import flask
from flask import Flask, Response, abort, jsonify, redirect, request
from werkzeug.serving import make_server

from common import CHECKS, MODE, NAMES, PATH, SECRET, digest, sealed, status

app = Flask(__name__)
CHECK = CHECKS.get(MODE, CHECKS["right"])


def headers():
    return [request.headers.get(name) for name in NAMES]


def usual():
    return "", CHECK(*headers(), request.get_data())


def of(body):
    """A view that verifies what `body` makes of the request."""
    signature, timestamp = headers()
    return "", status(signature, timestamp, lambda: digest(timestamp, body()).hexdigest())


def no_answer():
    signature, timestamp = headers()
    if CHECK(signature, timestamp, request.get_data()) == 200:
        return "ok"


def no_status():
    return jsonify(error="Invalid signature") if CHECK(*headers(), request.get_data()) != 200 else jsonify(ok=True)


def other_header():
    if not request.headers.get("X-Signature"):
        abort(400, "Missing X-Signature header")
    return usual()


def known_fields():
    code = CHECK(*headers(), request.get_data())
    if code == 200:
        other = set(request.get_json()) - {"event", "version", "agent", "simulation", "timestamp", "data"}
        if other:
            return {"error": f"unexpected field {min(other)}"}, 400
    return "", code


def decodes_images():
    code = CHECK(*headers(), request.get_data())
    if code == 200:
        data = request.get_json()["data"]
        for item in data if isinstance(data, list) else [data]:
            image = item.get("screenshot", {}).get("imageBuffer")
            if isinstance(image, str) and image.startswith("[simulation"):
                raise ValueError("not an image")
    return "", code


def exact_type():
    if request.headers["Content-Type"] != "application/json":
        abort(415)
    return usual()


VIEWS = {
    # Flask keeps what get_data has read, so that this is correct.
    "json-then-data": lambda: (request.get_json(), usual())[1],
    "text": lambda: of(lambda: request.get_data(as_text=True)),
    "get-json": lambda: of(lambda: json.dumps(request.get_json())),
    "str-of-json": lambda: of(lambda: str(request.json)),
    "jsonify": lambda: of(lambda: jsonify(request.get_json()).get_data()),
    "form": lambda: of(lambda: request.form.get("payload", "")),
    "values": lambda: of(lambda: str(request.values.to_dict())),
    "stream-twice": lambda: (request.get_data(), of(lambda: request.stream.read()))[1],
    "stream-after-form": lambda: (request.form, of(lambda: request.stream.read()))[1],
    "first-read": lambda: of(lambda: request.stream.read(512)),
    "returns-none": no_answer,
    "no-status": no_status,
    "other-header": other_header,
    "known-fields": known_fields,
    "decodes-images": decodes_images,
    "exact-type": exact_type,
}

if MODE == "documented":
    exec(compile(open(os.environ["SNIPPET"]).read(), "docs/signatures.md", "exec"), globals())
elif MODE == "slash":
    app.post(PATH + "/")(usual)
elif MODE == "get-route":
    app.get(PATH)(usual)
elif MODE == "other-path":
    app.post("/webhook")(usual)
else:
    app.post(PATH)(VIEWS.get(MODE, usual))
if MODE == "small-limit":
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
if MODE == "login":
    app.before_request(lambda: redirect("/login?next=" + request.path))
if MODE == "csrf":
    from flask_wtf.csrf import CSRFProtect

    app.secret_key = "csrf"
    CSRFProtect(app)

server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.log_startup = lambda: None
import logging

logging.getLogger("werkzeug").disabled = True
server.serve_forever()
