"""Sends what is in the outbox to Discord's channels and users.

`dispatcher` delivers posts, `render` turns them into messages, and `channels` knows how each kind
of channel takes them. Nothing else sends messages that aren't replies.
"""
