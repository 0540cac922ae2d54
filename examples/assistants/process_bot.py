#!/usr/bin/env python3
"""An assistant as a program: a line of JSON in, a line of JSON out. Needs Python and nothing else.

    [assistants.pizza]
    kind = "process"
    command = ["python3", "process_bot.py"]

What stands in the lines: plugins/documents.md.
"""
import json
import sys

SIZES = {"small": "Small", "large": "Large"}


def answer(turn):
    memory = turn.get("memory", {})
    replies = []
    for message in turn["messages"]:
        if message["kind"] == "choice" and message["choice"] in SIZES:
            memory["pizzas"] = str(int(memory.get("pizzas", "0")) + 1)
            replies.append({"text": f"**{message['text']}** it is. That makes {memory['pizzas']}.", "markup": "markdown"})
        elif message.get("text", "").strip().lower() == "human":
            return {"replies": [{"text": "I fetch someone."}], "hand_over": {"to": "human", "stays": True}}
        elif message["kind"] in ("text", "voice"):
            options = [{"id": size, "title": title} for size, title in SIZES.items()]
            replies.append({"choices": {"text": "Which size?", "options": options}})
        else:
            replies.append({"text": f"I cannot do anything with a message of kind {message['kind']}."})
    return {"replies": replies, "memory": memory}


# The end of the input is the request to end.
for line in sys.stdin:
    turn = json.loads(line)
    try:
        found = answer(turn)
    except Exception as error:  # Said to the owner; the turn is not asked a second time.
        print(f"turn {turn['turn']}: {error!r}", file=sys.stderr)
        found = {"never": f"the program failed: {error!r}"}
    print(json.dumps({"turn": turn["turn"], **found}), flush=True)
