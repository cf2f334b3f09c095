"""The checks of `doctor`: is everything there that the system needs?"""
