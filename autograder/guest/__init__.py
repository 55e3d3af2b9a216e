"""The code of the untrusted, student's process. It imports neither the judge nor the reference."""
