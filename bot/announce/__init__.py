"""From the outbox to Discord's channels.

`dispatcher` sends, `render` turns outbox rows into messages, and `channels` knows the kinds of
channels. Nothing else sends messages that aren't replies.
"""
