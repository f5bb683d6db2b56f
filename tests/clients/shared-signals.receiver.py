"""A receiver of Shared Signals that shares no code with the transmitter: PyJWT checks every SET.

receiver.py push ISSUER AUTHORIZATION       listens on a free port, printed first
receiver.py poll ISSUER TOKEN ENDPOINT      long-polls and acknowledges
Prints one JSON line for each SET that it could verify. Ends with its standard input.
"""

import json
import os
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt

mode, issuer, secret = sys.argv[1:4]


def read(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


configuration = read(issuer + "/.well-known/ssf-configuration")
keys = jwt.PyJWKClient(configuration["jwks_uri"])


def verify(compact):
    """RFC 8417 section 4: by type, and never as an access token."""
    header = jwt.get_unverified_header(compact)
    if header.get("typ") != "secevent+jwt":
        raise jwt.InvalidTokenError("another type")
    return jwt.decode(
        compact,
        keys.get_signing_key_from_jwt(compact).key,
        algorithms=["ES256"],
        issuer=configuration["issuer"],
        options={"require": ["iss", "iat", "jti", "aud", "sub_id", "events"], "verify_aud": False},
    )


def show(payload):
    print(json.dumps(payload), flush=True)


class Push(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.headers.get("authorization") != secret:
            return self.refuse(400, "authentication_failed")
        if self.headers.get("content-type") != "application/secevent+jwt":
            return self.refuse(400, "invalid_request")
        try:
            show(verify(body))
        except jwt.PyJWTError as error:
            return self.refuse(400, "invalid_request", str(error))
        self.send_response(202)
        self.end_headers()

    def refuse(self, status, code, description=""):
        body = json.dumps({"err": code, "description": description}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ask(endpoint, body):
    request = urllib.request.Request(
        endpoint,
        json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": "Bearer " + secret},
    )
    with urllib.request.urlopen(request, timeout=40) as answer:
        return json.load(answer)


def poll(endpoint):
    ack, errors = [], {}
    while True:
        answer = ask(endpoint, {"ack": ack, "setErrs": errors, "maxEvents": 3})
        ack, errors = [], {}
        for jti, compact in answer["sets"].items():
            try:
                show(verify(compact))
                ack.append(jti)
            except jwt.PyJWTError as error:
                errors[jti] = {"err": "invalid_request", "description": str(error)}


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
if mode == "push":
    server = HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Push)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()
else:
    print(json.dumps({"ready": True}), flush=True)
    poll(sys.argv[4])
