"""The paper list: its records, its rules, and all the SQL.

`library` exports `Library`, the façade that the layers above use, with one attribute per feature;
each folder holds one feature. Nothing here imports Discord or talks to the network.
"""
