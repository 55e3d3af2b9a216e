"""All right: the solution as it stands."""
