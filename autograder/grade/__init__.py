"""Judge whole notebooks."""
