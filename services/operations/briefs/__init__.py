"""The daily and the weekly brief: what was recorded, in words."""
