"""One neuron, one example and then many: the chapters of the first part."""

from course_lib import activations, batch, linear_network, losses, one_example
from course_lib.equations.docstrings import registered

NEURON = (
    registered(activations.sigmoid, r"\sigma(z) = \frac{1}{1 + e^{-z}}"),
    registered(one_example.z, r"z = w\, x + b"),
    registered(losses.bce_loss, r"L(a, y) = -y \log a - (1 - y) \log(1 - a)"),
    registered(batch.cost, r"J = \frac{1}{m} \sum_{j=1}^{m} \left[-y_j \log a_j - (1 - y_j) \log(1 - a_j)\right]"),
    registered(
        losses.mse_prime,
        r"\frac{\partial L}{\partial a} = 2\,(a - y) \qquad \text{for } L = (a - y)^2",
        variable="a",
        of="L",
    ),
    registered(
        losses.mae_prime,
        r"\frac{\partial L}{\partial a} = \operatorname{sign}(a - y) \qquad \text{for } L = |a - y|",
        variable="a",
        of="L",
    ),
    registered(
        losses.bce_prime,
        r"\frac{\partial L}{\partial a} = -\frac{y}{a} + \frac{1 - y}{1 - a}"
        r" \qquad \text{for } L = -y \log a - (1 - y) \log(1 - a)",
        variable="a",
        of="L",
    ),
    registered(activations.sigmoid_prime, r"\sigma'(z) = \sigma(z)\,(1 - \sigma(z))"),
    registered(
        one_example.da, r"da = \frac{\partial L}{\partial a} = -\frac{y}{a} + \frac{1 - y}{1 - a}", variable="a", of="L"
    ),
    registered(one_example.dz, r"dz = \frac{\partial L}{\partial z} = a - y", variable="z", of="L"),
    registered(one_example.dw, r"dw = \frac{\partial L}{\partial w} = dz\, x^T", variable="w", of="L"),
    registered(batch.forward, r"A = \sigma\left(w X + b\, \mathbf{1}^T\right)"),
    registered(batch.dW, r"dW = \frac{1}{m}\, dZ\, X^T", variable="w", of="J"),
    registered(batch.db, r"db = \frac{1}{m}\, dZ\, \mathbf{1}", variable="b", of="J"),
    registered(
        batch.propagate,
        r"\begin{aligned} A &= \sigma\left(w X + b\, \mathbf{1}^T\right) \\"
        r" dw &= \frac{1}{m} \left(A - Y\right) X^T \\ db &= \frac{1}{m} \left(A - Y\right) \mathbf{1} \end{aligned}",
    ),
    registered(activations.tanh_prime, r"\tanh'(z) = 1 - \tanh^2(z)"),
    registered(activations.relu, r"\operatorname{ReLU}(z) = \max(0, z)"),
    registered(
        activations.relu_prime,
        r"\operatorname{ReLU}'(z) = \begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{if } z \le 0 \end{cases}",
    ),
    registered(
        activations.leaky_relu,
        r"\operatorname{LeakyReLU}(z) = \begin{cases} z & \text{if } z \ge 0 \\ s\, z & \text{if } z < 0 \end{cases}",
    ),
    registered(
        activations.leaky_relu_prime,
        r"\operatorname{LeakyReLU}'(z) = \begin{cases} 1 & \text{if } z > 0 \\ s & \text{if } z \le 0 \end{cases}",
    ),
    registered(linear_network.collapse_linear, r"W = W^{[2]} W^{[1]} \qquad b = W^{[2]} b^{[1]} + b^{[2]}"),
)
