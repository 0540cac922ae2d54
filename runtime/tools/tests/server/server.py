"""A tool server written by hand, for tests: well-behaved unless it is told otherwise by its arguments. Nothing needs to be
installed for it. What it was told is written to the files of the folder that it runs in."""

import base64
import json
import os
import subprocess
import sys
import time

MODES = set(sys.argv[1:])


def note(file, text):
    with open(file, "a") as out:
        out.write(text + "\n")


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def say(message):
    write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def tool(name, read_only=False, **more):
    return {
        "name": name,
        "description": "Does it.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
        "annotations": {"readOnlyHint": read_only},
        **more,
    }


def tools():
    if "thousands" in MODES:
        return [tool(f"tool_{number}") for number in range(10_000)]
    if "odd" in MODES:
        return [
            tool("good"),
            tool("good"),
            tool("two words"),
            tool("größe"),
            tool("x" * 300),
            tool("list", inputSchema=[]),
            tool("huge", inputSchema={"type": "object", "description": "x" * 1_000_000}),
            {"name": "bare"},
            7,
        ]
    names = ["echo", "hang", "die", "half", "flood", "long", "longer", "garbage", "wrong_id", "broken_json", "pictures", "secrets", "fails", "refuses", "slow", "meta", "chatter", "asks"]
    listed = [tool(name) for name in names] + [tool("reads", read_only=True)]
    if os.path.exists("more"):
        listed.append(tool("more"))
    return listed


def text(words, **more):
    return {"content": [{"type": "text", "text": words}], **more}


def big(number, size):
    """An answer with its number last, as the SDK for JavaScript writes it, or first, as that for Python does."""
    result = json.dumps(text("x" * size))
    if "last" in MODES:
        write('{"result":%s,"jsonrpc":"2.0","id":%d}\n' % (result, number))
    else:
        write('{"jsonrpc":"2.0","id":%d,"result":%s}\n' % (number, result))


def call(number, params):
    name, arguments = params["name"], params.get("arguments", {})
    note("calls", name)
    if name == "hang":
        time.sleep(1000)
    elif name == "die":
        os._exit(3)
    elif name == "half":
        write('{"jsonrpc":"2.0","id":%d,"resu' % number)
        os._exit(0)
    elif name == "flood":
        while True:
            write("x" * 1000 + "\n")
    elif name == "long":
        return big(number, 8_000_000)
    elif name == "longer":
        return big(number, 40_000_000)
    elif name == "garbage":
        write("Loading the model\n\n\x00\x01\n[]\n7\nnull\n")
    elif name == "wrong_id":
        say({"id": number + 1000, "result": text("stolen")})
        say({"id": None, "result": text("stolen")})
        return
    elif name == "broken_json":
        return write('{"jsonrpc":"2.0","id":%d,"result":{"content":[}}\n' % number)
    elif name == "chatter":
        for count in range(5000):
            say({"method": "notifications/progress", "params": {"progressToken": 1, "progress": count}})
            say({"method": "notifications/message", "params": {"level": "info", "data": "x" * 100}})
    elif name == "asks":
        say({"id": "s1", "method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 9}})
        say({"id": "s2", "method": "roots/list"})
        say({"id": "s3", "method": "ping"})
        answers = [json.loads(sys.stdin.readline()) for _ in range(3)]
        return say({"id": number, "result": text(json.dumps(answers))})
    elif name == "pictures":
        picture = base64.b64encode(b"picture").decode()
        content = [
            {"type": "text", "text": "look"},
            {"type": "image", "data": picture, "mimeType": "image/png"},
            {"type": "image", "data": "not base64!", "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "file:///a/bill.pdf", "blob": picture, "mimeType": "application/pdf"}},
            {"type": "hologram", "data": 7},
        ]
        return say({"id": number, "result": {"content": content}})
    elif name == "secrets":
        secret = os.environ.get("CARGO_PKG_DESCRIPTION", "unset")
        print("the secret is " + secret, file=sys.stderr)
        print("x" * (64 * 1024 - 10) + secret, file=sys.stderr, flush=True)
        return say({"id": number, "result": text(json.dumps(dict(os.environ)))})
    elif name == "fails":
        return say({"id": number, "result": text("no such task", isError=True)})
    elif name == "refuses":
        return say({"id": number, "error": {"code": -32602, "message": "text is\nmissing"}})
    elif name == "slow":
        time.sleep(0.3)
    elif name == "meta":
        return say({"id": number, "result": text(json.dumps(params.get("_meta", {})))})
    say({"id": number, "result": text(arguments.get("text", name))})


def listing(number, params):
    listed = tools()
    if "pages" not in MODES:
        return say({"id": number, "result": {"tools": listed}})
    at = int(params.get("cursor", 0))
    page = {"tools": listed[at : at + 4]}
    if at + 4 < len(listed) or "endless_pages" in MODES:
        page["nextCursor"] = str(at + 4)
    say({"id": number, "result": page})


def main():
    note("pids", str(os.getpid()))
    if "grandchild" in MODES:
        note("pids", str(subprocess.Popen(["sleep", "1000"]).pid))
    if "log_flood" in MODES:
        subprocess.Popen(["sh", "-c", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx >&2; done"])
    if "exits" in MODES:
        print("no such module", file=sys.stderr, flush=True)
        sys.exit(2)
    if "deaf" in MODES:
        time.sleep(1000)
    if "stray" in MODES:
        while True:
            write("hello\n")
    for line in iter(sys.stdin.readline, ""):
        message = json.loads(line)
        method, number, params = message.get("method"), message.get("id"), message.get("params") or {}
        note("heard", json.dumps(message))
        if method == "initialize" and "wrong_start" in MODES:
            say({"id": number, "result": {"hello": "world"}})
        elif method == "initialize":
            info = {"name": "test\x1b[2J", "version": "1"}
            say({"id": number, "result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {"listChanged": True}}, "serverInfo": info}})
        elif method == "tools/list" and "hangs_listing" in MODES:
            time.sleep(1000)
        elif method == "tools/list":
            listing(number, params)
        elif method == "tools/call" and params["name"] == "reads" and os.path.exists("more"):
            say({"method": "notifications/tools/list_changed"})
            call(number, params)
        elif method == "tools/call":
            call(number, params)
        elif method == "ping":
            say({"id": number, "result": {}})


main()
