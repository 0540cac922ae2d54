"""Says what is on a picture, in a sentence, by asking a model of the host that looks at pictures."""

from greenroom_plugin import ask, plugin, settings

SYSTEM = "Describe the picture for someone who cannot see it, in one sentence, in this language: {language}."


@plugin
def respond(turn):
    if not turn.images:
        return "Send me a picture, and I say what is on it."
    language = turn.get("language") or settings()["language"]
    said = ask("eyes", turn.text or "What is this?", images=turn.images[:1], system=SYSTEM.format(language=language))
    if said["ended"] == "refused":
        return "I would rather not describe that one."
    return said["text"]


Assistant = respond
