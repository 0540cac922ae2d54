"""The peer of the benchmark: pywa on FastAPI; the handler only makes the message durable in SQLite."""

import os
import sqlite3

from fastapi import FastAPI
from pywa_async import WhatsApp, types

app = FastAPI()
wa = WhatsApp(
    phone_id=os.environ["PYWA_PHONE_ID"],
    token="unused",
    server=app,
    webhook_endpoint="/api/channels/whatsapp",
    verify_token=os.environ["PYWA_VERIFY_TOKEN"],
    app_secret=os.environ["PYWA_APP_SECRET"],
    validate_updates=True,
)

database = sqlite3.connect(os.environ["PYWA_DATABASE"], isolation_level=None, check_same_thread=False)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE inbox (id TEXT PRIMARY KEY, sender TEXT, body TEXT)")


@wa.on_message
async def keep(_: WhatsApp, message: types.Message) -> None:
    row = (message.id, message.from_user.wa_id, message.text)
    database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?)", row)
