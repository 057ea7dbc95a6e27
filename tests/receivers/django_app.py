# A receiver in Django, correct or with one mistake, on the server of its runserver.
#   python django_app.py MODE
import hashlib
import hmac
import json
import logging
import os

from django.conf import settings

from common import CHECKS, MODE, NAMES, PATH, SECRET, digest, status

MIDDLEWARE = {
    "csrf": ["django.middleware.csrf.CsrfViewMiddleware"],
    "slash": ["django.middleware.common.CommonMiddleware"],
    "hosts": ["django.middleware.common.CommonMiddleware"],
    "ssl-redirect": ["django.middleware.security.SecurityMiddleware"],
    # As startproject writes it, without what needs a database.
    "documented": [
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
}
settings.configure(
    SECRET_KEY="django",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["example.com"] if MODE == "hosts" else ["*"],
    MIDDLEWARE=MIDDLEWARE.get(MODE, []),
    SECURE_SSL_REDIRECT=MODE == "ssl-redirect",
    TRACKPILOTS_SECRET=SECRET,
    # 2.5 MB by default.
    DATA_UPLOAD_MAX_MEMORY_SIZE={"default-limit": 2621440, "small-limit": 65536}.get(MODE, 64 << 20),
)

import django
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

logging.disable()
CHECK = CHECKS.get(MODE, CHECKS["right"])


def headers(request):
    return [request.headers.get(name) for name in NAMES]


@csrf_exempt
def usual(request):
    return HttpResponse(status=CHECK(*headers(request), request.body))


# Without the decorator, the middleware asks for a token.
def protected(request):
    return HttpResponse(status=CHECK(*headers(request), request.body))


def of(request, body):
    signature, timestamp = headers(request)
    return HttpResponse(status=status(signature, timestamp, lambda: digest(timestamp, body).hexdigest()))


def meta_by_index(request):
    signature, timestamp = request.META["HTTP_X_WEBHOOK_SIGNATURE"], request.META["HTTP_X_WEBHOOK_TIMESTAMP"]
    return HttpResponse(status=CHECK(signature, timestamp, request.body))


def meta_without_prefix(request):
    signature, timestamp = request.META.get("X-Webhook-Signature"), request.META.get("X-Webhook-Timestamp")
    if not signature or not timestamp:
        return JsonResponse({"error": "missing signature header"}, status=400)
    return HttpResponse(status=CHECK(signature, timestamp, request.body))


def no_status(request):
    if CHECK(*headers(request), request.body) != 200:
        return HttpResponse("Invalid signature")
    return HttpResponse("ok")


def no_return(request):
    if CHECK(*headers(request), request.body) == 200:
        return HttpResponse("ok")


def read_then_body(request):
    request.read()
    return HttpResponse(status=CHECK(*headers(request), request.body))


def read_twice(request):
    request.read()
    return of(request, request.read())


def post_then_body(request):
    request.POST
    return HttpResponse(status=CHECK(*headers(request), request.body))


def live_only_objects(request):
    code = CHECK(*headers(request), request.body)
    if code == 200 and "simulation" not in json.loads(request.body):
        return JsonResponse({"simulation": ["This field is required."]}, status=400)
    return HttpResponse(status=code)


VIEWS = {
    "meta-by-index": meta_by_index,
    "meta-without-prefix": meta_without_prefix,
    "no-status": no_status,
    "no-return": no_return,
    "read-then-body": read_then_body,
    "read-twice": read_twice,
    "post-then-body": post_then_body,
    "post-urlencoded": lambda request: of(request, request.POST.urlencode()),
    "json-response": lambda request: of(request, JsonResponse(json.loads(request.body)).content),
    "get-only": require_GET(usual),
    "simulations-only": live_only_objects,
    "login": lambda request: redirect(f"/accounts/login/?next={request.path}"),
    "csrf": protected,
}

if MODE == "documented":
    exec(compile(open(os.environ["SNIPPET"]).read(), "docs/signatures.md", "exec"), globals())
elif MODE == "slash":
    urlpatterns = [path(PATH[1:] + "/", usual)]
elif MODE == "other-path":
    urlpatterns = [path("webhook", usual)]
else:
    urlpatterns = [path(PATH[1:], VIEWS.get(MODE, usual))]

server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
server.set_app(get_wsgi_application())
print(server.server_port, flush=True)
server.serve_forever()
