"""The protocol between the grader and a student's process: values, the wire, and the cells of a notebook."""
