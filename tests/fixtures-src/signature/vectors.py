"""Prints requests that were signed wrongly in one known way each, signed by Python, Node, PHP and Ruby themselves.

Each is {code, signer, signature, timestamp, body (base64), secrets, also: other accepted fields}.
"""
import base64, gzip, hashlib, hmac, html, json, subprocess, unicodedata, urllib.parse, zlib

T = "1746123456"
SECRET = "a webhook secret of some length"
TEXT = ('{ "event": "desktop.app_tracking.captured", "n": 1.0, "name": "Café / <b>", "none": null,\n'
        '  "timestamp": 1746123456123, "data": {"b": [1, 2.50], "a": "x"} }')
BODY = TEXT.encode()
cases = []


def mac(key, message, algorithm="sha256"):
    key = key.encode() if isinstance(key, str) else key
    return hmac.new(key, message, algorithm)


def message(timestamp=T, body=BODY):
    return timestamp.encode() + b"." + body


def case(code, signature, signer="Python", body=BODY, timestamp=T, secret=SECRET, headers=None, others=(), kind="proof", target="/webhooks/trackpilots"):
    if headers is None:
        headers = [["X-Webhook-Signature", signature], ["X-Webhook-Timestamp", timestamp]]
    as64 = lambda key: base64.b64encode(key.encode() if isinstance(key, str) else key).decode()
    cases.append(dict(code=code, signer=signer, headers=headers, body=base64.b64encode(body).decode(), secret=as64(secret),
                      others=[as64(other) for other in others], kind=kind, target=target))


def key_case(code, signing, configured=SECRET, **more):
    case(code, mac(signing, message()).hexdigest(), secret=configured, **more)


def stamp_case(code, signed, sent=T, **more):
    case(code, mac(SECRET, message(signed)).hexdigest(), timestamp=sent, **more)


def body_case(code, signed, sent=BODY, **more):
    case(code, mac(SECRET, message(body=signed)).hexdigest(), body=sent, **more)


right = mac(SECRET, message())
hexed = right.hexdigest()
# Headers
case("signature_header_missing", "", headers=[["X-Webhook-Timestamp", T]], kind="evidence")
case("signature_header_missing", "", headers=[["X_Webhook_Signature", hexed], ["X-Webhook-Timestamp", T]])
case("timestamp_header_missing", "", headers=[["X-Webhook-Signature", hexed], ["X_Webhook_Timestamp", T]])
case("timestamp_header_missing", "", headers=[["X-Webhook-Signature", "0" * 64]], kind="evidence")
case("timestamp_header_missing", "", headers=[["X-Webhook-Signature", mac(SECRET, BODY).hexdigest()]], kind="alarm")
case("header_duplicated", "", headers=[["X-Webhook-Signature", "0" * 64], ["X-Webhook-Signature", hexed], ["X-Webhook-Timestamp", T]])
case("header_duplicated", "", headers=[["X-Webhook-Signature", "0" * 64 + ", " + hexed], ["X-Webhook-Timestamp", T]])
case("header_duplicated", "", headers=[["X-Webhook-Signature", hexed], ["X-Webhook-Timestamp", "1"], ["X-Webhook-Timestamp", T]])
# In another place
case("signature_misplaced", "", headers=[["X-Webhook-Signature", "0" * 64], ["X-Webhook-Signature-Secondary", hexed], ["X-Webhook-Timestamp", T]])
case("signature_misplaced", "", headers=[["X-Webhook-Signature", "0" * 64], ["X-Relay-Digest", hexed], ["X-Webhook-Timestamp", T]])
case("secret_sent", "", headers=[["X-Webhook-Signature", "0" * 64], ["X-Webhook-Timestamp", T], ["X-Api-Key", SECRET]], kind="alarm")
case("secret_sent", "", headers=[["X-Webhook-Signature", "0" * 64], ["X-Webhook-Timestamp", T]], target="/webhooks/trackpilots?" + urllib.parse.urlencode({"secret": SECRET}), kind="alarm")
# Signature
case("signature_truncated", hexed[:40])
case("signature_truncated", hexed[:63])
case("signature_is_secret", SECRET, kind="alarm")
case("signature_asymmetric", "v1a," + base64.b64encode(bytes(64)).decode(), kind="evidence")
case("signature_encoding", hexed.upper())
case("signature_encoding", base64.b64encode(right.digest()).decode())
case("signature_encoding", base64.urlsafe_b64encode(right.digest()).decode().rstrip("="))
case("signature_encoding", base64.b64encode(hexed.encode()).decode())
case("signature_encoding", ":".join(hexed[i:i + 2] for i in range(0, 64, 2)))
case("signature_encoding", '"' + hexed + '"')
case("signature_prefix", "sha256=" + hexed)
case("signature_prefix", f"t={T},v1={hexed}")
case("signature_prefix", "v1=" + hexed)
for algorithm in ("sha1", "sha384", "sha512", "md5"):
    case("signature_algorithm", mac(SECRET, message(), algorithm).hexdigest())
case("not_hmac", hashlib.sha256(SECRET.encode() + message()).hexdigest())
case("not_hmac", hashlib.sha256(message() + SECRET.encode()).hexdigest())
case("not_hmac", mac(message(), SECRET.encode()).hexdigest())
# Time
for code, old in (("stale", "1746000000"), ("clock_skew", "1746223456")):
    case(code, mac(SECRET, message(old)).hexdigest(), timestamp=old)
stamp_case("timestamp_unit", T, sent=T + "789")
stamp_case("timestamp_unit", T + "000")
stamp_case("timestamp_unit", "2025-05-01T18:17:36.000Z")
stamp_case("timestamp_unit", T + ".0")
stamp_case("timestamp_unit", T, sent="2025-05-01T18:17:36Z")
stamp_case("timestamp_differs", "1746123456123")
stamp_case("timestamp_differs", "1746123458")
for literal in ("undefined", "null", "NaN", ""):
    stamp_case("timestamp_literal", literal)
# Secrets
key_case("wrong_secret", "the other webhook's secret", others=["the other webhook's secret"])
for configured in (SECRET + "\n", SECRET + "\r\n", " " + SECRET, SECRET + "\t"):
    key_case("secret_whitespace", SECRET, configured)
key_case("secret_whitespace", SECRET + "\n")
key_case("secret_quoted", SECRET, f'"{SECRET}"')
key_case("secret_quoted", f"'{SECRET}'")
key_case("secret_escaped", SECRET, SECRET + "\\n")
key_case("secret_escaped", "two\nlines of secret", "two\\nlines of secret")
key_case("secret_prefix", SECRET, "whsec_" + SECRET)
key_case("secret_prefix", "whsec_" + SECRET)
key_case("secret_prefix", "Bearer " + SECRET)
key = bytes(range(7, 39))
key_case("secret_base64", key, base64.b64encode(key).decode())
key_case("secret_base64", key, "whsec_" + base64.b64encode(key).decode())
key_case("secret_base64", base64.b64encode(SECRET.encode()).decode())
key_case("secret_hex", key, key.hex())
key_case("secret_hex", SECRET.encode().hex())
key_case("secret_hashed", hashlib.sha256(SECRET.encode()).hexdigest())
key_case("secret_hashed", hashlib.sha256(SECRET.encode()).digest())
key_case("secret_expanded", "a webhook secret", "a webhook secret#of some length")
key_case("secret_expanded", "a webhook of some", "a webhook$secret of some")
for literal in ("", "undefined", "null", "TRACKPILOTS_WEBHOOKS_SECRET_KEY"):
    key_case("secret_unset", literal, kind="alarm")
key_case("secret_hidden_chars", SECRET, "\ufeff" + SECRET)
key_case("secret_hidden_chars", SECRET, "a webhook\u200b secret of some length")
key_case("secret_hidden_chars", SECRET.upper())
key_case("secret_hidden_chars", SECRET.encode("utf-16-le"))
# Bodies
value = json.loads(TEXT)
body_case("body_reserialized", json.dumps(value).encode())
body_case("body_reserialized", json.dumps(value, indent=2).encode())
body_case("body_keys_sorted", json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode().replace(b"1.0,", b"1.0,").replace(b"2.5]", b"2.50]"))
body_case("body_double_encoded", json.dumps(TEXT, ensure_ascii=False).encode())
body_case("body_double_encoded", BODY, sent=json.dumps(TEXT).encode())
body_case("body_stringified_object", str(value).encode())
body_case("body_stringified_object", str(BODY).encode())
body_case("body_stringified_object", b"[object Object]", kind="alarm")
body_case("body_stringified_object", b"undefined", kind="alarm")
body_case("body_empty", b"", kind="alarm")
body_case("body_newline", BODY + b"\n")
body_case("body_newline", BODY, sent=BODY + b"\r\n")
body_case("body_newline", BODY.replace(b"\n", b""))
body_case("body_line_endings", BODY.replace(b"\n", b"\r\n"))
body_case("body_line_endings", BODY, sent=BODY.replace(b"\n", b"\r\n"))
body_case("body_charset", TEXT.encode("latin-1"))
body_case("body_charset", TEXT.replace("é", "?").encode())
body_case("body_charset", BODY.decode("cp1252").encode())
body_case("body_charset", BODY, sent=TEXT.encode("latin-1"))
body_case("body_charset", TEXT.encode("utf-16-le"))
euro = TEXT.replace("Café", "5 € café")
body_case("body_charset", euro.encode("cp1252"), sent=euro.encode())
body_case("body_bom", b"\xef\xbb\xbf" + BODY)
body_case("body_bom", BODY, sent=b"\xef\xbb\xbf" + BODY)
body_case("body_unicode_normalized", unicodedata.normalize("NFD", TEXT).encode())
body_case("body_unicode_normalized", BODY, sent=unicodedata.normalize("NFD", TEXT).encode())
body_case("body_compressed", BODY, sent=gzip.compress(BODY, mtime=0))
body_case("body_compressed", BODY, sent=zlib.compress(BODY))
body_case("body_base64", base64.b64encode(BODY))
body_case("body_base64", BODY, sent=base64.b64encode(BODY))
body_case("body_escaped", BODY, sent=html.escape(TEXT).encode())
body_case("body_escaped", BODY, sent=TEXT.replace('"', '\\"').encode())
body_case("body_framed", BODY, sent=b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))
body_case("body_framed", BODY, sent=BODY + b"\0")
body_case("body_form_encoded", BODY, sent=urllib.parse.urlencode({"payload": TEXT}).encode())
body_case("body_form_encoded", urllib.parse.urlencode({"payload": TEXT}).encode())
body_case("body_part_signed", b'{"b": [1, 2.50], "a": "x"}')
body_case("body_part_signed", b'{"b":[1,2.5],"a":"x"}')
dropped = {name: member for name, member in value.items() if member is not None}
body_case("body_nulls_dropped", json.dumps(dropped).encode())
body_case("body_truncated", BODY, sent=BODY[:60], kind="evidence")
for template, kind in (("{b}", "alarm"), ("{t}{b}", "proof"), ("{t}:{b}", "proof"), ("v0:{t}:{b}", "proof"), ("{t}\n{b}", "proof"),
                       ("{b}.{t}", "proof"), ("POSThttps://hooks.example/webhooks/trackpilots{b}{t}", "proof")):
    signed = template.replace("{t}", T).replace("{b}", TEXT).encode()
    case("content_template", mac(SECRET, signed).hexdigest(), kind=kind)
case("content_template", "", headers=[["X-Webhook-Signature", mac(SECRET, b"msg_1." + message()).hexdigest()], ["X-Webhook-Timestamp", T], ["webhook-id", "msg_1"]])
case("unexplained", mac("nobody knows this", message()).hexdigest(), kind="evidence")
for value in ("test", "undefined", "0f4c1a7e-3a70-4cf7-9d7d-1c4a2f3b9d10", mac("nobody knows this", message(), "sha1").hexdigest()):
    case("signature_malformed", value, kind="evidence")


def other_language(signer, code, command):
    """`command` prints the hexadecimal signature; it reads the body from standard input."""
    done = subprocess.run(command, input=BODY, capture_output=True, check=True)
    case(code, done.stdout.decode().strip(), signer=signer)


node = "const c=require('crypto'),b=require('fs').readFileSync(0);const s=(m)=>console.log(c.createHmac('sha256',%s).update(m).digest('hex'));" % json.dumps(SECRET)
for code, script in (
    ("body_reserialized", f"s('{T}.'+JSON.stringify(JSON.parse(b)))"),
    ("body_stringified_object", f"s('{T}.'+JSON.parse(b))"),
    ("body_stringified_object", f"s('{T}.'+JSON.stringify(b))"),
    ("timestamp_literal", "let t;s(t+'.'+b)"),
    ("body_charset", f"s(Buffer.from('{T}.'+b,'latin1'))"),
):
    other_language("Node", code, ["node", "-e", node + script])
php = f"$b=file_get_contents('php://stdin');$s=fn($m)=>print(hash_hmac('sha256',$m,'{SECRET}'));"
other_language("PHP", "body_reserialized", ["php", "-r", php + f"$s('{T}.'.json_encode(json_decode($b,true)));"])
other_language("PHP", "content_template", ["php", "-r", php + "$s($b);"])
ruby = f"require 'openssl';require 'json';b=STDIN.read.force_encoding('UTF-8');s=->(m){{puts OpenSSL::HMAC.hexdigest('SHA256','{SECRET}',m)}};"
other_language("Ruby", "body_reserialized", ["ruby", "-e", ruby + f"s.('{T}.'+JSON.parse(b).to_json)"])
other_language("Ruby", "body_stringified_object", ["ruby", "-e", ruby + f"s.('{T}.'+JSON.parse(b).to_s)"])
print(json.dumps(cases, indent=1))
