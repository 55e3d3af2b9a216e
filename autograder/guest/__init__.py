"""The student's side: what runs in the untrusted process. It imports neither the judge nor the reference."""
