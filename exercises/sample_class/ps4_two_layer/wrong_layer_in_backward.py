"""All single equations are right; put together, dW1 is given the hidden activations A1 where X belongs."""


def backward_propagation(parameters, cache, X, Y):
    dZ2 = compute_dZ2(cache["A2"], Y)
    dZ1 = compute_dZ1(compute_dA1(parameters["W2"], dZ2), cache["Z1"])
    return {
        "dW1": compute_dW1(dZ1, cache["A1"]),
        "db1": compute_db1(dZ1),
        "dW2": compute_dW2(dZ2, cache["A1"]),
        "db2": compute_db2(dZ2),
    }
