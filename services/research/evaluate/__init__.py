"""Measures the quality of scorers and of the matching of assets against labels.

There are two kinds of measurement: a scorer on labelled texts (`labelled`, `predict`, `figures`), and cases written
for this project (`cases`), each of which is a function that returns rows.
"""
