"""Programs that the benchmark starts in addition to the services: stand-ins and baselines."""
