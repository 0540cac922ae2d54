#!/usr/bin/env python3
"""An assistant as a web service: a signed POST in, JSON out. Needs Python and nothing else.

    export BOT_SECRET=$(openssl rand -hex 32)
    python3 http_bot.py 8700

    [assistants.service]
    kind = "http"
    url = "http://127.0.0.1:8700/turn"
    secret = { env = "BOT_SECRET" }
    allow_private = true            # this machine; a service elsewhere has https:// and does without

What stands in the bodies: plugins/documents.md.
"""
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["BOT_SECRET"].encode()
# What was signed earlier is a copy of an old request.
SECONDS_MAX = 300


def is_signed(headers, body):
    timestamp = headers.get("x-greenroom-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > SECONDS_MAX:
        return False
    expected = "sha256=" + hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers.get("x-greenroom-signature", ""))


def answer(turn):
    words = " ".join(message.get("text", "") for message in turn["messages"])
    return {"replies": [{"text": words.upper()}]}


class Turns(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if not is_signed(self.headers, body):
            return self.send_error(401)
        document = json.dumps(answer(json.loads(body))).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8700), Turns)
print(f"listens on port {server.server_port}", flush=True)
server.serve_forever()
