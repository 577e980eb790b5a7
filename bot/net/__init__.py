"""How the bot deals with the outside world safely.

`http` is the one guarded HTTP client, `ssrf` decides which addresses are public, and `sandbox` runs
work on untrusted bytes in limited worker processes.
"""
