"""Turns feed bytes into papers of the list.

`poller` runs each poll: `fetch`, `parser` and `item_mapping`, then the library. `schedule` computes
when to poll again, `health` what to tell moderators.
"""
