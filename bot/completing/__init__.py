"""Completing papers in the list: what's missing is looked up by their ids or else their titles.

`decider` decides, without I/O, what to ask and which answers to accept; `services` asks the
services, and `completer` puts both together.
"""
