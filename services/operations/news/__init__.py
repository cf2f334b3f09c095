"""The news as stories: a list of the newest, and everything about one."""
