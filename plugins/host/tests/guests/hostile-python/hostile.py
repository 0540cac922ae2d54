"""A guest that does what the first word of the turn says: everything that a broken or hostile plugin might do."""

import random
import re

from greenroom_plugin import ask, fetch, log, memory, plugin, put_medium, read_medium

left = ""


class Broken(BaseException):
    """Not caught by the SDK: it ends the instance, as a crash of the interpreter does."""


def loop(_):
    while True:
        pass


def deep(depth):
    return 1 + deep(depth + 1)


def bomb(_):
    kept = []
    while True:
        kept.append(bytearray(b"x" * (1024 * 1024)))


def panic(rest):
    raise Broken(rest)


def say(rest):
    raise ValueError(rest)


def stateful_panic(_):
    memory.set("half", "done")
    raise Broken("with state")


def http(rest):
    status, _, body = fetch(rest)
    return f"{status} {body.decode()}"


def http_often(_):
    for _ in range(1000):
        try:
            fetch("https://forbidden.example/")
        except Exception:
            pass
    return "sent"


def ask_often(_):
    for _ in range(1000):
        try:
            ask("writer", "a")
        except Exception:
            pass
    return "asked"


def chatter(_):
    for _ in range(2000):
        log("y" * 10000)
    return "logged"


def remember(rest):
    before = memory.get("last")
    memory.set("last", rest)
    return f"before: {before or 'nothing'}"


def hoard(_):
    for key in range(100_000):
        memory.set(str(key), "z" * 1000)
    return "kept"


def made(_):
    content = bytes(5 * 1024 * 1024)
    for _ in range(100):
        put_medium("image/png", content)
    return "made"


def picture(_):
    return {"replies": [{"image": {"medium": put_medium("image/png", b"\1\2\3")}, "text": "made"}]}


def static(rest):
    global left
    before, left = left, rest
    return f"left: {before}"


def told(work):
    """What came of it, where that is expected to fail."""
    try:
        return repr(work())
    except Exception as error:
        return f"Err({error!r})"


def socket(rest):
    def connect():
        import socket

        host, port = rest.split(":")
        return socket.create_connection((host, int(port)))

    return told(connect)


def environment(_):
    import os
    import sys

    return f"{list(os.environ)} {[one for one in sys.argv if one]}"


def printed(_):
    for _ in range(10_000):
        print("a line that is not an answer")
    return "printed"


DEEDS = {
    "loop": loop,
    "regex": lambda rest: str(re.fullmatch("(a+)+", rest)),
    "memory": bomb,
    "recursion": lambda _: str(deep(0)),
    "huge": lambda rest: "x" * int(rest),
    "panic": panic,
    "say": say,
    "stateful-panic": stateful_panic,
    "http": http,
    "http-often": http_often,
    "file": lambda rest: told(lambda: open(rest).read()),
    "write": lambda rest: told(lambda: open(rest, "w").write("x")),
    "socket": socket,
    "environment": environment,
    "random": lambda _: str(random.random()),
    "print": printed,
    "log": chatter,
    "ask": lambda rest: ask("writer", rest, system="short")["text"],
    "ask-often": ask_often,
    "remember": remember,
    "hoard": hoard,
    "medium": lambda rest: str(len(read_medium(int(rest)))),
    "media": made,
    "picture": picture,
    "wrong": lambda _: {"replies": [{"txt": 1}]},
    "never": lambda rest: {"never": rest},
    "static": static,
}


@plugin
def respond(turn):
    word, _, rest = turn.text.partition(" ")
    return DEEDS[word](rest) if word in DEEDS else turn.text or None


Assistant = respond
