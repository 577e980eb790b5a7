"""What waits for a moderator: members' suggestions, and the queue of everything undecided."""
