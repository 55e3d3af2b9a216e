"""The assignments: one text notebook each, from which the source, the release and the sample class are generated."""
