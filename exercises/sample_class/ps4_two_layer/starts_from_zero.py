"""Training starts from zero weights, so the hidden units never become different from each other."""

import numpy as np


def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
    parameters = {
        "W1": np.zeros((n_h, X.shape[0])),
        "b1": np.zeros((n_h, 1)),
        "W2": np.zeros((Y.shape[0], n_h)),
        "b2": np.zeros((Y.shape[0], 1)),
    }
    for _ in range(num_iterations):
        _, cache = forward_propagation(X, parameters)
        grads = backward_propagation(parameters, cache, X, Y)
        parameters = update_parameters(parameters, grads, learning_rate)
    return parameters
