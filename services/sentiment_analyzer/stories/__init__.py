"""Decides which articles report the same event, and what a further article adds.

A *story* is the cluster of articles about one event, and a *telling* is one article of it. The *owner* of a telling
is the publisher of its source. A telling *corroborates* or *contradicts* a signal of its story, or has a signal of
its own. Which of these applies is its *stance*. A *repost* is the same text of the same owner at a new link.
"""
