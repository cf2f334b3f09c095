"""The endurance test: ten minutes of load that show whether the services' resource use and throughput stay stable."""
