"""The 1/m is missing in dW2, and training is not written: with steps 400 times too long it learns by luck alone."""


def compute_dW2(dZ2, A1):
    return dZ2 @ A1.T


def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
    raise NotImplementedError
