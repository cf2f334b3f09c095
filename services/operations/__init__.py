"""What an operator can ask and do, without a face: no terminal, no HTTP, no chat."""
