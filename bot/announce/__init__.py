"""Sends what is in the outbox to Discord's channels and users.

`dispatcher` delivers posts, `render` turns them into messages, and `channels` knows how to post in
each kind of channel. Nothing else sends messages that aren't replies.
"""
