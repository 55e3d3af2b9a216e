"""Grading on a cluster against grading on one machine."""
