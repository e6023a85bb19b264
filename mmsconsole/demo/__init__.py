"""A deployment and a workload on this machine, for the first minute with the product."""
