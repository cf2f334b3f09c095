"""The checks of `cryptoboy doctor`."""
