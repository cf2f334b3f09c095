"""The quality of scorers and of the matching of assets, measured against labels.

Two kinds of measurement: a scorer on labelled texts (`labelled`, `predict`, `figures`), and cases of our own
(`cases`), each a function that returns rows.
"""
