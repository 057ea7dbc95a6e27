# A receiver in FastAPI, correct or with one mistake.
#   python fastapi_app.py MODE
import hashlib
import hmac
import json
import os
import socket
from typing import Annotated

import uvicorn
from fastapi import Body, Depends, FastAPI, Form, Header, HTTPException, Request, Response
from fastapi.security import HTTPBasic, HTTPBearer
from pydantic import BaseModel, ConfigDict

from common import CHECKS, MODE, NAMES, PATH, SECRET, digest, status

app = FastAPI()
CHECK = CHECKS.get(MODE, CHECKS["right"])
Signature = Annotated[str | None, Header(alias="X-Webhook-Signature")]
Timestamp = Annotated[str | None, Header(alias="X-Webhook-Timestamp")]


def headers(request):
    return [request.headers.get(name) for name in NAMES]


def answer(code):
    if code != 200:
        raise HTTPException(code, "Invalid signature")
    return {"ok": True}


def of(request, body):
    signature, timestamp = headers(request)
    return answer(status(signature, timestamp, lambda: digest(timestamp, body).hexdigest()))


async def usual(request: Request):
    return answer(CHECK(*headers(request), await request.body()))


class Event(BaseModel):
    model_config = ConfigDict(extra="allow")
    event: str
    data: list | dict


class WholeEvent(BaseModel):
    event: str
    version: str
    agent: str
    timestamp: int
    data: list | dict
    simulation: bool | None = None


class StrictEvent(WholeEvent):
    model_config = ConfigDict(extra="forbid")


class Simulation(Event):
    simulation: bool


async def required_headers(
    request: Request,
    signature: Annotated[str, Header(alias="X-Webhook-Signature")],
    timestamp: Annotated[str, Header(alias="X-Webhook-Timestamp")],
):
    return answer(CHECK(signature, timestamp, await request.body()))


async def model_dump(event: Event, request: Request):
    return of(request, event.model_dump_json())


async def model_drops_fields(event: WholeEvent, request: Request):
    return of(request, event.model_dump_json(exclude_none=True))


async def dict_body(event: dict, request: Request):
    return of(request, json.dumps(event))


async def str_of_dict(event: Annotated[dict, Body()], request: Request):
    return of(request, str(event))


async def strict_model(event: StrictEvent, request: Request):
    return answer(CHECK(*headers(request), await request.body()))


async def simulations_only(event: Simulation, request: Request):
    return answer(CHECK(*headers(request), await request.body()))


async def request_json(request: Request):
    return of(request, json.dumps(await request.json(), separators=(",", ":")))


async def json_then_body(request: Request):
    await request.json()
    return await usual(request)


async def stream_then_body(request: Request):
    parts = [part async for part in request.stream()]
    return of(request, b"".join(parts))


async def first_part(request: Request):
    async for part in request.stream():
        if part:
            return of(request, part)
    return answer(400)


async def joins_text(request: Request):
    text = ""
    async for part in request.stream():
        text += part.decode("utf-8", "replace")
    return of(request, text)


async def form(request: Request, payload: Annotated[str, Form()]):
    return of(request, payload)


async def tuple_status(request: Request):
    code = CHECK(*headers(request), await request.body())
    if code != 200:
        return {"error": "Invalid signature"}, code
    return {"ok": True}


async def not_awaited(request: Request):
    return of(request, str(request.body()))


async def headers_required_by_index(request: Request):
    return answer(CHECK(request.headers["X-Webhook-Signature"], request.headers["X-Webhook-Timestamp"], await request.body()))


async def other_header(request: Request, x_signature: Annotated[str | None, Header()] = None):
    if x_signature is None:
        raise HTTPException(400, "Missing X-Signature header")
    return await usual(request)


VIEWS = {
    "required-headers": required_headers,
    "model-dump": model_dump,
    "model-drops-fields": model_drops_fields,
    "dict-body": dict_body,
    "str-of-body": str_of_dict,
    "strict-model": strict_model,
    "simulations-only": simulations_only,
    "request-json": request_json,
    "json-then-body": json_then_body,
    "stream": stream_then_body,
    "first-part": first_part,
    "joins-text": joins_text,
    "form": form,
    "tuple-status": tuple_status,
    "not-awaited": not_awaited,
    "headers-by-index": headers_required_by_index,
    "other-header": other_header,
}

if MODE == "documented":
    exec(compile(open(os.environ["SNIPPET"]).read(), "docs/signatures.md", "exec"), globals())
elif MODE == "slash":
    app.post(PATH + "/")(usual)
elif MODE == "other-path":
    app.post("/webhook")(usual)
elif MODE == "get-route":
    app.get(PATH)(usual)
elif MODE == "bearer":
    app.post(PATH, dependencies=[Depends(HTTPBearer())])(usual)
elif MODE == "basic":
    app.post(PATH, dependencies=[Depends(HTTPBasic())])(usual)
else:
    app.post(PATH)(VIEWS.get(MODE, usual))

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])
