"""The trusted side of a student's process: starts it, speaks to it and ends it; knows nothing of equations."""
