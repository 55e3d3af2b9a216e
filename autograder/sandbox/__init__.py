"""The trusted side of a student's process: start it, communicate with it, end it; without any equation."""
