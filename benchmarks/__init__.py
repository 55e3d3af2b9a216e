"""Ratios, each measured against its peer in the same run."""
