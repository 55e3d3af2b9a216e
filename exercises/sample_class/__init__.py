"""A made-up class: one submission for each way in which work comes in, named by its fault."""
