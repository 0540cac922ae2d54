#!/usr/bin/env python3
"""A task list as a tool server: what a bot needs for "add milk to my list" and "what is on my list?".

The tasks are in a JSON file, the one that the variable TASKS_FILE names, or tasks.json in the folder where the server runs.
Where Greenroom tells for whom a tool is called, each person has a list of their own, in a file beside it.
README.md says how it is configured.
"""
import json
import os
import re
import tempfile
import threading
from datetime import date, datetime, timedelta
from pathlib import Path

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

FILE = Path(os.environ.get("TASKS_FILE", "tasks.json"))
TASKS_MAX = 1000
TITLE_MAX = 200
# Calls may come at the same time; each reads the file, changes it and writes it.
LOCK = threading.Lock()

# What a tool says of itself decides whether the person is asked first: one that only reads never asks.
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
CHANGES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
REMOVES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)

server = MCPServer("task-list", title="Task list", version="1.0.0", log_level="WARNING")


def file_of(ctx):
    """The file of the person for whom the tool is called, such as tasks-p-0123….json; the one of all where that is not told."""
    person = (ctx.request_context.meta or {}).get("greenroom/person")
    if person is None:
        return FILE
    if not re.fullmatch(r"[a-z0-9-]{1,64}", str(person)):
        raise ToolError("This is not the name of a person.")
    return FILE.with_name(f"{FILE.stem}-{person}{FILE.suffix}")


def read(file):
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"next": 1, "tasks": []}


def write(file, data):
    """Replaces the file as a whole: whatever happens, it is the old one or the new one."""
    folder = file.resolve().parent
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, delete=False) as new:
        try:
            json.dump(data, new, ensure_ascii=False, indent=1)
            new.flush()
            os.fsync(new.fileno())
            os.replace(new.name, file)
        except BaseException:
            os.unlink(new.name)
            raise


def find(data, task):
    """The open task of this number, or the only one whose title has these words."""
    tasks = [one for one in data["tasks"] if not one["done"]]
    found = [one for one in tasks if str(one["number"]) == task.strip().lstrip("#")]
    words = task.casefold().strip()
    found = found or [one for one in tasks if one["title"].casefold() == words]
    found = found or [one for one in tasks if words and words in one["title"].casefold()]
    if not found:
        raise ToolError(f"There is no open task {task!r}.")
    if len(found) > 1:
        raise ToolError("Which one? " + "; ".join(line(one) for one in found))
    return found[0]


def line(task):
    due = f", due {task['due']}" if task["due"] else ""
    done = f", done {task['done'][:10]}" if task["done"] else ""
    return f"#{task['number']} {task['title']}{due}{done}"


def turn_of(ctx):
    """The turn for which the tool is called. A turn that is tried once more comes with the same name."""
    meta = ctx.request_context.meta or {}
    return meta.get("greenroom/turn")


@server.tool(annotations=ADDS, structured_output=False)
def add_task(title: str, ctx: Context, due: date | None = None) -> str:
    """Adds a task to the list. `due` is a date such as 2026-12-24, only if one was named."""
    title, turn, file = " ".join(title.split()), turn_of(ctx), file_of(ctx)
    if not title or len(title) > TITLE_MAX:
        raise ToolError(f"A task has a title of at most {TITLE_MAX} characters.")
    with LOCK:
        data = read(file)
        for task in data["tasks"]:
            if turn and task["turn"] == turn and task["title"] == title:
                return f"It is on the list already: {line(task)}"
        if len(data["tasks"]) >= TASKS_MAX:
            raise ToolError(f"The list has {TASKS_MAX} tasks; remove some first.")
        now = datetime.now().isoformat(timespec="seconds")
        task = {"number": data["next"], "title": title, "due": due and due.isoformat(), "added": now, "done": None, "turn": turn}
        data["tasks"].append(task)
        data["next"] += 1
        write(file, data)
    return f"Added: {line(task)}"


@server.tool(annotations=READS, structured_output=False)
def list_tasks(ctx: Context, done: bool = False) -> str:
    """The open tasks; with `done` those that are done."""
    tasks = [task for task in read(file_of(ctx))["tasks"] if bool(task["done"]) == done]
    tasks.sort(key=lambda task: (task["due"] or "9999", task["number"]))
    return "\n".join(line(task) for task in tasks) or "There are none."


@server.tool(annotations=CHANGES, structured_output=False)
def complete_task(task: str, ctx: Context) -> str:
    """Marks a task as done. `task` is its number, or words of its title."""
    file = file_of(ctx)
    with LOCK:
        data = read(file)
        found = find(data, task)
        found["done"] = datetime.now().isoformat(timespec="seconds")
        write(file, data)
    return f"Done: {line(found)}"


@server.tool(annotations=REMOVES, structured_output=False)
def remove_task(task: str, ctx: Context) -> str:
    """Removes a task that is not needed any more. `task` is its number, or words of its title."""
    file = file_of(ctx)
    with LOCK:
        data = read(file)
        found = find(data, task)
        data["tasks"].remove(found)
        write(file, data)
    return f"Removed: {line(found)}"


@server.tool(annotations=READS, structured_output=False)
def week_summary(ctx: Context) -> str:
    """What was done in the last seven days, what is open, and what is due soon or late."""
    today = date.today()
    since, soon = (today - timedelta(days=7)).isoformat(), (today + timedelta(days=7)).isoformat()
    tasks = read(file_of(ctx))["tasks"]
    is_open = [task for task in tasks if not task["done"]]
    parts = {
        "Done in the last seven days": [task for task in tasks if (task["done"] or "") > since],
        "Late": [task for task in is_open if (task["due"] or "9999") < today.isoformat()],
        "Due in the next seven days": [task for task in is_open if today.isoformat() <= (task["due"] or "") <= soon],
        "Other open tasks": [task for task in is_open if not task["due"] or task["due"] > soon],
    }
    lines = [f"Today is {today.isoformat()}."]
    for title, found in parts.items():
        lines += [f"{title}: {len(found)}"] + [f"- {line(task)}" for task in found]
    return "\n".join(lines)


if __name__ == "__main__":
    server.run()
