"""The real bot on a simulated Discord, for `lab-herald demo`; it needs no account or network."""
