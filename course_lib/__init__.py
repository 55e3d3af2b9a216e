"""The reference of the course: every equation of back-propagation as one line of numpy.

A small file holds one idea: `activations`, `losses`, `two_layer` (the network and its eight backward equations),
`initialization`, `training`, `gradient_checking`, `datasets`, `plotting`, and `equations`, the registry that gives
each equation its name, its LaTeX, its shapes and the source notes it comes from.

Conventions: examples are columns. `X` is (n0, m), `W1` is (n1, n0), `b1` is (n1, 1), `Y` is (n2, m).
`dZ` and `dA` are gradients of each example's own loss, one column an example; `dW` and `db` are gradients of the cost,
the mean of the losses, so 1/m stands in them and nowhere else.
"""
