"""What both sides of a grader speak: values, the wire between two processes, and the cells of a notebook."""
