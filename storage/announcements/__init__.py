"""Which paper goes to which channel, and every message the bot sends on its own.

`subscriptions` holds the channels and what they want; `outbox` queues, claims and records messages.
"""
