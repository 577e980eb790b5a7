"""What moderators do step by step: add, edit, merge, import, review and undo.

Cogs start these flows; buttons and forms continue them.
"""
