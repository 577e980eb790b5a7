"""The real bot on a simulated Discord, for `lab-herald demo`; it needs no account or network.

`world` builds the server and its people, `site` publishes papers, `page` is what a browser shows,
and `tour` checks every step in the terminal.
"""
