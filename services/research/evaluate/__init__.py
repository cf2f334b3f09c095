"""How good the product's judgements are, measured against labels: scorers, and the matching of assets.

Two kinds of measurement: a scorer on labelled texts (`labelled`, `predict`, `figures`), and cases of our own
(`cases`), each a function that returns rows.
"""
