"""What several commands share: options, answers, progress."""
