"""Training never ends: the counter of the steps is never raised."""

import numpy as np


def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
    rng = np.random.default_rng(seed)
    parameters = {
        "W1": 0.01 * rng.standard_normal((n_h, X.shape[0])),
        "b1": np.zeros((n_h, 1)),
        "W2": 0.01 * rng.standard_normal((Y.shape[0], n_h)),
        "b2": np.zeros((Y.shape[0], 1)),
    }
    step = 0
    while step < num_iterations:
        _, cache = forward_propagation(X, parameters)
        grads = backward_propagation(parameters, cache, X, Y)
        parameters = update_parameters(parameters, grads, learning_rate)
    return parameters
