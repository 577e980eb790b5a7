"""What people see in Discord: records turned into cards, lists, forms and buttons.

Except for the forms and buttons it is pure: records in, layouts out. What a press does is
registered by `flows` and `cogs`.
"""
