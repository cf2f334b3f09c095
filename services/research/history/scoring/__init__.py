"""An archive scored as the live pipeline would have scored it."""
