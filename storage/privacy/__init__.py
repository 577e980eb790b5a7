"""What is stored about members: finding it for them, and deleting it.

`inventory` says which columns hold something about people, and `personal_data` and `deletion` work
by it. `deletion_list` remembers deletions, so that restoring an older backup doesn't revert them.
"""
