from greenroom_plugin import memory, plugin


@plugin
def respond(turn):
    count = int(memory.get("count") or 0) + 1
    memory.set("count", count)
    return f"You said: {turn.text}. That was message {count}."


Assistant = respond
