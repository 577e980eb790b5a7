"""The running bot: everything between the outside world and the paper list.

`app` builds it, `client` connects it to Discord; each folder holds one feature.
"""

__version__ = "0.1.0"
