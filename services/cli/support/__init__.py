"""Code that several commands share: options, answers, progress."""
