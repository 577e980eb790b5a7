"""What people see in Discord: records turned into cards, lists, forms and buttons."""
