"""How good the product's judgements are, measured against labels: asset matching and scorers."""
