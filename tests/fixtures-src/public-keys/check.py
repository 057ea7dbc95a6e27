"""Adds the forms of Python's cryptography to what keys.js wrote, and verifies every signature: see README.md."""

import base64
import datetime
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils

HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

recorded = json.load(sys.stdin)
message = recorded["message"].encode()
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "webhooks.example")])


def certificate(private):
    """Expired, and its own authority: neither is looked at."""
    builder = x509.CertificateBuilder(name, name, private.public_key(), 7)
    builder = builder.not_valid_before(datetime.datetime(2020, 1, 1)).not_valid_after(datetime.datetime(2021, 1, 1))
    builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    return builder.sign(private, None if isinstance(private, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def verify(public, algorithm, signature):
    if algorithm == "ed25519":
        return public.verify(signature, message)
    hash = HASHES[next(part for part in algorithm.split("-") if part in HASHES)]()
    if algorithm.endswith("points"):
        half = len(signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        signature = utils.encode_dss_signature(r, s)
    if algorithm.startswith("ecdsa"):
        return public.verify(signature, message, ec.ECDSA(hash))
    pss = padding.PSS(padding.MGF1(hash), padding.PSS.AUTO)
    return public.verify(signature, message, pss if "pss" in algorithm else padding.PKCS1v15(), hash)


for kind, key in recorded["keys"].items():
    private = form.load_pem_private_key(key["private_forms"]["PKCS#8"].encode(), None)
    public = private.public_key()
    spki = public.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    assert spki == base64.b64decode(key["spki"])
    own = certificate(private)
    forms = key["forms"]
    forms["certificate"] = own.public_bytes(form.Encoding.PEM).decode()
    forms["certificate as DER in base64"] = base64.b64encode(own.public_bytes(form.Encoding.DER)).decode()
    forms["chain"] = forms["certificate"] + certificate(ec.generate_private_key(ec.SECP256R1())).public_bytes(
        form.Encoding.PEM
    ).decode()
    if kind == "Ed25519":
        raw, seed = public.public_bytes_raw(), private.private_bytes_raw()
        forms["hexadecimal"] = raw.hex()
        forms["base64"] = base64.b64encode(raw).decode()
        forms["whpk_"] = "whpk_" + base64.b64encode(raw).decode()
        key["private_forms"]["whsk_, the seed"] = "whsk_" + base64.b64encode(seed).decode()
        key["private_forms"]["whsk_, the pair"] = "whsk_" + base64.b64encode(seed + raw).decode()
        recorded["refused"]["ssh-keygen -e"] = public.public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()
    if kind.startswith("P-"):
        for points, point in ("point", form.PublicFormat.UncompressedPoint), ("short point", form.PublicFormat.CompressedPoint):
            point = public.public_bytes(form.Encoding.X962, point)
            forms[points] = point.hex()
            forms[points + " in base64"] = base64.b64encode(point).decode()
    if kind == "P-256":
        signature = base64.b64decode(dict(key["signatures"])["ecdsa-sha256-points"])
        s = int.from_bytes(signature[32:], "big")
        reflected = signature[:32] + (P256_ORDER - s).to_bytes(32, "big")
        # With the one above, an s in either half of the order.
        key["signatures"].append(["ecdsa-sha256-points", base64.b64encode(reflected).decode()])
    for algorithm, signature in key["signatures"]:
        verify(public, algorithm, base64.b64decode(signature))

encrypted = form.BestAvailableEncryption(b"passphrase")
private = form.load_pem_private_key(recorded["keys"]["P-256"]["private_forms"]["PKCS#8"].encode(), None)
recorded["locked"] = {
    "Encrypted": private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, encrypted).decode(),
    "Encrypted, of old": private.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, encrypted).decode(),
    "OpenSsh": private.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption()).decode(),
}
json.dump(recorded, sys.stdout, indent=1)
print()
