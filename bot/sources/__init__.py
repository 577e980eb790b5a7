"""The services that are asked for new papers by the lab's people.

Each source is a module without I/O that builds requests and reads answers, registered in
`registry`. `poller` asks those that are due, and keeps to their paces and budgets. What the
witnesses prove is decided elsewhere.
"""
