"""Turns feed bytes into papers in the list.

`poller` runs each poll: `fetch`, `parser` and `item_mapping`, then the library. `schedule` computes
when to poll again, `health` what to tell moderators.
"""
