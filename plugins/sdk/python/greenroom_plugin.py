"""Write an assistant of Greenroom as a sandboxed plugin, in Python.

    from greenroom_plugin import plugin

    @plugin
    def respond(turn):
        return f"You said: {turn.text}"

    Assistant = respond

What is returned is the document of an answer, a text, or None for silence. What is raised is told to the owner and counts as
a failed attempt.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import host, http as _http, media as _media, memory as _memory, models as _models


class Turn(dict):
    """The document of a turn, with what is asked of it most."""

    @property
    def text(self):
        """All words of the turn, one message per line."""
        return "\n".join(message["text"] for message in self["messages"] if message.get("text"))

    @property
    def images(self):
        """The numbers of the pictures of the turn."""
        found = (message.get("image") or {} for message in self["messages"])
        return [image["medium"] for image in found if image.get("medium") is not None]


class memory:
    """What is remembered of this conversation. Kept together with the answer, or not at all."""

    get = staticmethod(lambda key: _memory.get(key))
    set = staticmethod(lambda key, value: _memory.set(key, str(value)))
    delete = staticmethod(lambda key: _memory.delete(key))
    keys = staticmethod(lambda: list(_memory.keys()))


def settings():
    """The settings, as the manifest declares them."""
    return json.loads(host.settings())


def log(line):
    """A line for the log."""
    host.log("info", str(line))


def read_medium(medium):
    """All bytes of a medium of this turn."""
    parts, length = [], 0
    while part := _media.read(medium, length, 1024 * 1024):
        parts.append(bytes(part))
        length += len(part)
    return b"".join(parts)


def put_medium(mime, content):
    """Adds a medium, and says its number."""
    return _media.put(mime, bytes(content))


class HostError(Exception):
    """Why the host has no answer, in its words."""


def ask(role, prompt, images=(), system=""):
    """Asks a model that the owner granted for this role, and returns its completion."""
    message = {"from": "person", "text": prompt, "images": list(images)}
    try:
        return json.loads(_models.ask(role, json.dumps({"system": system, "messages": [message]})))
    except Err as error:
        raise HostError(error.value) from None


def fetch(url, method="GET", headers=(), body=None):
    """Sends a request to a host that the owner granted; returns status, headers and body."""
    try:
        response = _http.send(_http.Request(method, url, list(headers), body))
    except Err as error:
        raise HostError(error.value) from None
    return response.status, dict(response.headers), bytes(response.body)


def plugin(respond):
    """Makes a function the assistant of this plugin; the module names the result `Assistant`."""

    class Answering(exports.Assistant):
        def respond(self, turn):
            try:
                answer = respond(Turn(json.loads(turn)))
            except Exception as error:  # noqa: BLE001 - whatever it is, its words are for the owner
                raise Err(str(error) or type(error).__name__) from None
            if answer is None:
                return "{}"
            return json.dumps({"replies": [{"text": answer}]} if isinstance(answer, str) else answer)

    return Answering
