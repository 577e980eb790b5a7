"""The real bot on a simulated Discord, for `lab-herald demo`; it needs no account or network.

`world` builds the server and its people, `site` publishes papers, and `tour` checks every step.
"""
