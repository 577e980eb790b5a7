"""From feed bytes to entries in the list.

`poller` is the way through: `fetch`, `parser` and `item_mapping`, then the library; `schedule` says
when to come back.
"""
