"""All right, with a remark: the step of gradient descent changes the arrays that it was given."""


def update_parameters(parameters, grads, learning_rate):
    for name in parameters:
        parameters[name] -= learning_rate * grads["d" + name]
    return parameters
