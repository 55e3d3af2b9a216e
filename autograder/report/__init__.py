"""Reports of a graded class: a page for the lecturer, tables for other programs, a page for each student."""
