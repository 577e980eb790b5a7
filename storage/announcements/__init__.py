"""Which papers are announced in which channels, and every message that the bot sends on its own.

`Subscriptions` holds the channels with their filters and digests; `Outbox` queues, claims and
records messages, and remembers the channels and users that messages can't be sent to.
"""
