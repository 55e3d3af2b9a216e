"""What people read after grading: a page for the lecturer, tables for other programs, a page for each student."""
