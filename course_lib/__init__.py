"""The reference of the course: every equation of back-propagation as one line of numpy.

A small file holds one idea. Networks: `one_example` and `batch` (a single neuron), `two_layer` (with its eight
backward equations), `deep` (any number of layers; its cost is in `output_layer`), `loops` (the same, entry by entry),
`linear_network`. What they are made of: `activations`, `losses`, `initialization`. How they learn: `optimizers`,
`training`, and `workspace`, the fast path behind the same results. How they are checked: `gradient_checking`,
`network_checking`, `validation`. What they cost: `operation_counts`. What a formula is tried on, and found to be:
`example_network`, `judging`. What the five published notes print wrong from which the course grew, S0 to S4: `errata`.
Around them: `datasets`, `plotting`, `parameter_files`, and `equations`, the registry that gives each equation its name,
its LaTeX, its shapes and the pieces of S0 to S4 that it comes from.

Conventions: examples are columns. `X` is (n0, m), `W1` is (n1, n0), `b1` is (n1, 1), `Y` is (n2, m).
`dZ` and `dA` are gradients of each example's own loss, one column an example; `dW` and `db` are gradients of the cost,
the mean of the losses, so 1/m stands in them and nowhere else.
"""
