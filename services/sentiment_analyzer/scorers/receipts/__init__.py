"""What was asked of which model, what it answered, and scores from that again."""
