"""db1 uses a name that is defined nowhere, so it raises a NameError."""


def compute_db1(dZ1):
    return np.sum(dZ1, axis=1, keepdims=True) / number_of_examples
