"""From the outbox to Discord's channels."""
