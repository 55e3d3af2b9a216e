"""dW1 comes out transposed, (n0, n1): the two factors of the product are swapped and turned."""


def compute_dW1(dZ1, X):
    return X @ dZ1.T / X.shape[1]
