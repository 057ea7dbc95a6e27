"""The FastAPI neighbour: the raw body of the request, the HMAC, and a file that is appended to before the response.

SECRET and FILE come from the environment; `fastapi run` starts it.
"""

import hashlib
import hmac
import os

from fastapi import FastAPI, HTTPException, Request

SECRET = os.environ["SECRET"].encode()
FILE = os.environ["FILE"]
app = FastAPI()


@app.post("/hooks/github")
async def receive(request: Request):
    body = await request.body()
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.headers.get("x-hub-signature-256", ""), expected):
        raise HTTPException(401, "invalid signature")
    with open(FILE, "ab") as file:
        file.write(body + b"\n")
    return {"ok": True}
