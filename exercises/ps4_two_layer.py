# %% [markdown]
# # Two layers, m examples
#
# A network with one hidden layer, trained by code that you write from the first product to the last step.
#
# **When you are done, you can**
#
# - run a two-layer network forwards on a whole batch of examples, and say how bad its answers are;
# - derive and write the gradient of the cost by every weight and bias, layer 2 first, then layer 1;
# - say where 1/m goes, where each transpose comes from, and why a bias gradient is a sum;
# - train the network on points that no line can separate, and draw what it has learned.
#
# **Time:** 60 to 90 minutes. The thirteen functions are short; the longest has about eight lines.
#
# **How it works.** Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check
# below it. The check tells you what is right, or what differs first. You can run it as often as you like. Cells
# between the checks use your own functions, so work from top to bottom. If you are stuck, the book's chapters *The
# forward pass*, *Layer 2, backwards* and *Layer 1, backwards* derive what you are asked for, and `hint(compute_dW2)`, in
# a cell of your own, gives one hint after the other.

# %% locked="setup"
import numpy as np

from autograder import check, hint, once_written, set_assignment
from course_lib.datasets import flower
from course_lib.gradient_checking import central_difference, relative_error
from course_lib.plotting import decision_boundary, inline

set_assignment("ps4_two_layer")


# %% [markdown]
# ## The task
#
# Below are 400 points of a flower. Its eight petals are of two kinds, four of each. Given a point, which kind is it?
#
# The shaded regions are one straight line's attempt. However you lay the line, at least one side of it has petals of
# both kinds, so a single neuron cannot do this. Four neurons that feed a fifth one can.

# %%
X, Y = flower(400, seed=1)
print("X has shape", X.shape, "and Y has shape", Y.shape)

# %%
inline(
    decision_boundary(lambda points: (points[:1] > 0) * 1.0, X, Y),
    alt="A flower with eight petals around the centre, four of kind 0 and four of kind 1. "
    "A vertical line through the centre leaves petals of both kinds on each side.",
)

# %% [markdown]
# ## Names and shapes
#
# Examples are **columns**. The network has n0 inputs, n1 hidden units with tanh, and n2 outputs with the sigmoid σ.
#
# | name | what it is | shape | here |
# |---|---|---|---|
# | `X` | the points | (n0, m) | (2, 400) |
# | `W1`, `b1` | weights and biases of layer 1 | (n1, n0), (n1, 1) | (4, 2), (4, 1) |
# | `Z1`, `A1` | hidden units before and after tanh | (n1, m) | (4, 400) |
# | `W2`, `b2` | weights and biases of layer 2 | (n2, n1), (n2, 1) | (1, 4), (1, 1) |
# | `Z2`, `A2` | output before and after σ | (n2, m) | (1, 400) |
# | `Y` | the labels, 0 or 1 | (n2, m) | (1, 400) |
#
# A name such as `dZ2` is a gradient *by* `Z2` and has `Z2`'s shape. There are two sorts, and the difference decides
# where 1/m goes:
#
# - `dZ2`, `dA1`, ... have **one column an example**: column j is the gradient of example j's own loss. No 1/m.
# - `dW2`, `db1`, ... are gradients of the **cost**, the mean over all examples. There 1/m stands, once.
#
# Your functions must work for any n0, n1, n2 and m. The checks use several outputs (n2 > 1) and also m = 1.

# %% [markdown]
# ## 1. Forwards
#
# ### What does the network say about each point?
#
# Two layers, each a matrix product, a bias and a curve:
#
# {{ two_layer.Z1 }}
#
# {{ two_layer.A1 }}
#
# {{ two_layer.Z2 }}
#
# {{ two_layer.A2 }}
#
# The row of ones $\mathbf{1}^T$ repeats the bias for every example; numpy does so by itself when it adds a column
# to a matrix. Write all of it, and keep what the way back will need.
#
# {{ asked: two_layer.forward_propagation }}
#
# **A number to hold on to.** If all weights and biases are 0, then Z2 = 0 and A2 = σ(0) = 0.5 for every point: the
# network has no opinion yet.


# %% answer="forward_propagation"
def forward_propagation(X, parameters):
    """Run the network forwards.

    X : (n0, m)
    parameters : {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}

    Returns A2 (n2, m), and cache = {"Z1": (n1, m), "A1": (n1, m), "Z2": (n2, m), "A2": (n2, m)}
    """
    ### BEGIN SOLUTION
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    ### END SOLUTION


# %% check="forward_propagation"
check(forward_propagation).points

# %% [markdown]
# Keeping `Z1` and `A1` costs memory now and saves all the work of computing them again on the way back.
#
# Here is a network with small random weights, before any training. It is undecided about all 400 points.

# %%
with once_written():
    rng = np.random.default_rng(0)
    parameters = {
        "W1": 0.01 * rng.standard_normal((4, 2)),
        "b1": np.zeros((4, 1)),
        "W2": 0.01 * rng.standard_normal((1, 4)),
        "b2": np.zeros((1, 1)),
    }
    A2, cache = forward_propagation(X, parameters)
    for name, array in cache.items():
        print(name, array.shape)
    print(f"outputs from {A2.min():.4f} to {A2.max():.4f}")

# %% [markdown]
# ### How bad is that, as one number?
#
# An output a with the label y has the cross-entropy that you know:
#
# {{ losses.bce_loss }}
#
# An example's loss is the sum of these over its output units, and the cost J is the mean of the losses over the examples.
# So what divides, with several outputs, and what does not?
#
# {{ asked: two_layer.cost }}
#
# **What one answer costs**, when the right one is y = 1:
#
# | output a | 0.99 | 0.9 | 0.5 | 0.1 | 0.01 |
# |---|---|---|---|---|---|
# | loss −log a | 0.010 | 0.105 | 0.693 | 2.303 | 4.605 |
#
# To be undecided costs log 2 = 0.693. To be sure and wrong costs a great deal.


# %% answer="compute_cost"
def compute_cost(A2, Y):
    """Return the cost J, a number: cross-entropy summed over outputs, averaged over examples.

    A2 : (n2, m), strictly between 0 and 1
    Y : (n2, m), labels 0 or 1
    """
    ### BEGIN SOLUTION
    losses = -Y * np.log(A2) - (1 - Y) * np.log(1 - A2)
    return float(np.sum(losses) / Y.shape[1])
    ### END SOLUTION


# %% check="compute_cost"
check(compute_cost).points

# %% [markdown]
# The cost is the one number that training pushes down; every gradient below says how it, or one example's share of
# it, moves when something else moves.

# %%
with once_written():
    print(f"cost before training: {compute_cost(forward_propagation(X, parameters)[0], Y):.4f}")

# %% [markdown]
# ## 2. Layer 2, backwards
#
# ### If an output rises a little, does its loss rise or fall, and how fast?
#
# Differentiate the loss of one output, and write it for all of them at once. Each example answers for itself here.
#
# {{ asked: two_layer.dA2 }}
#
# **By hand.** Let y = 1 and a = 0.25. Then the gradient is −4. Try it: raising a from 0.25 to 0.26 changes the loss by
# −log 0.26 + log 0.25 = −0.039, which is close to −4 × 0.01.


# %% answer="compute_dA2"
def compute_dA2(A2, Y):
    """Return dA2 (n2, m): column j is the gradient of example j's loss by its outputs.

    A2 : (n2, m), strictly between 0 and 1
    Y : (n2, m), labels 0 or 1
    """
    ### BEGIN SOLUTION
    return -Y / A2 + (1 - Y) / (1 - A2)
    ### END SOLUTION


# %% check="compute_dA2"
check(compute_dA2).points

# %% [markdown]
# This is where the labels enter the backward pass; from here on, everything is carried by the chain rule alone.
#
# ### And if the weighted input Z2 rises a little?
#
# Between Z2 and A2 stands the sigmoid, whose slope is σ′(z) = a (1 − a). The chain rule multiplies; simplify until
# nothing is divided.
#
# {{ asked: two_layer.dZ2 }}
#
# **By hand.** Again y = 1 and a = 0.25: the gradient is −0.75.


# %% answer="compute_dZ2"
def compute_dZ2(A2, Y):
    """Return dZ2 (n2, m): column j is the gradient of example j's loss by its Z2.

    A2 : (n2, m)
    Y : (n2, m), labels 0 or 1
    """
    ### BEGIN SOLUTION
    return A2 - Y
    ### END SOLUTION


# %% check="compute_dZ2"
check(compute_dZ2).points

# %% [markdown]
# The gradient is the error itself, never larger than 1, and finite even where A2 is exactly 0 or 1: this is why the
# sigmoid and the cross-entropy belong together.
#
# ### All examples share one W2. How do their gradients combine?
#
# You know the gradient of one example's loss, a matrix of W2's shape. The cost is the mean of the losses, so its gradient
# is the mean of these matrices. Find one expression for it, without a loop.
#
# {{ asked: two_layer.dW2 }}
#
# **By hand.** One output, two hidden units, two examples (m = 2):
#
# $$dZ^{[2]} = \begin{pmatrix} 0.5 & -0.3 \end{pmatrix}, \quad
# A^{[1]} = \begin{pmatrix} 0.4 & 0.6 \\ -0.2 & 1.0 \end{pmatrix} \quad\text{give}\quad
# dW^{[2]} = \begin{pmatrix} 0.01 & -0.20 \end{pmatrix}$$


# %% answer="compute_dW2"
def compute_dW2(dZ2, A1):
    """Return dW2 (n2, n1), the gradient of the cost by W2.

    dZ2 : (n2, m)
    A1 : (n1, m)
    """
    ### BEGIN SOLUTION
    return dZ2 @ A1.T / dZ2.shape[1]
    ### END SOLUTION


# %% check="compute_dW2"
check(compute_dW2).points

# %% [markdown]
# A matrix product that sums over examples is why a batch takes one call and no loop, and the one 1/m is why the size
# of a step does not grow with the amount of data.

# %%
with once_written():
    dZ2_by_hand = np.array([[0.5, -0.3]])
    A1_by_hand = np.array([[0.4, 0.6], [-0.2, 1.0]])
    print("dW2 of the example above:", compute_dW2(dZ2_by_hand, A1_by_hand).round(4))

# %% [markdown]
# ### And the bias?
#
# A bias is a weight whose input is always 1. What does that make of the gradient by the weights? Keep the result a
# column.
#
# {{ asked: two_layer.db2 }}
#
# **By hand.** With the same dZ2 as above, db2 = 0.1.


# %% answer="compute_db2"
def compute_db2(dZ2):
    """Return db2 (n2, 1), the gradient of the cost by b2.

    dZ2 : (n2, m)
    """
    ### BEGIN SOLUTION
    return np.sum(dZ2, axis=1, keepdims=True) / dZ2.shape[1]
    ### END SOLUTION


# %% check="compute_db2"
check(compute_db2).points

# %% [markdown]
# The shape matters more than it seems: `b2 - 0.1 * db2` with a db2 of shape (n2, m) or (1, m) is no error in numpy. It
# broadcasts, and without a word your bias becomes a matrix.
#
# ## 3. Layer 1, backwards
#
# ### How much did each hidden unit have to do with the error?
#
# Forwards, hidden unit k reaches output i through the weight $w_{ik}$. Backwards, the error of output i returns
# through the same weight, and unit k adds up what arrives from all outputs. n2 numbers come in, and n1 go out.
#
# {{ asked: two_layer.dA1 }}
#
# **By hand.** One output, two hidden units: W2 = (2  −1) and dz2 = 0.5 give da1 = (1, −0.5), as a column. Raising the
# first unit makes the loss worse, raising the second makes it better.


# %% answer="compute_dA1"
def compute_dA1(W2, dZ2):
    """Return dA1 (n1, m): column j is the gradient of example j's loss by its hidden units.

    W2 : (n2, n1)
    dZ2 : (n2, m)
    """
    ### BEGIN SOLUTION
    return W2.T @ dZ2
    ### END SOLUTION


# %% check="compute_dA1"
check(compute_dA1).points

# %% [markdown]
# This one product is what the name *back-propagation* means: an error travels backwards along the weights, through as
# many layers as there are.
#
# ### How much of it passes through the tanh?
#
# As much as the tanh is steep at that point, for each unit and each example alone.
#
# {{ activations.tanh_prime }}
#
# {{ asked: two_layer.dZ1 }}
#
# | z | 0 | 1 | 2 | 5 |
# |---|---|---|---|---|
# | tanh z | 0 | 0.762 | 0.964 | 0.9999 |
# | tanh′ z | 1 | 0.420 | 0.071 | 0.0002 |
#
# At z = 0 the whole error passes. At z = 5 almost nothing does: that unit is *saturated* and hardly learns.


# %% answer="compute_dZ1"
def compute_dZ1(dA1, Z1):
    """Return dZ1 (n1, m): column j is the gradient of example j's loss by its Z1.

    dA1 : (n1, m)
    Z1 : (n1, m), the hidden units before the tanh
    """
    ### BEGIN SOLUTION
    return dA1 * (1 - np.tanh(Z1) ** 2)
    ### END SOLUTION


# %% check="compute_dZ1"
check(compute_dZ1).points

# %% [markdown]
# Large weights make large Z1, and then this factor is close to zero everywhere: the reason why training starts from
# small weights.
#
# ### And the weights of layer 1?
#
# The question of W2 once more, one layer down. What came *in* to layer 1?
#
# {{ asked: two_layer.dW1 }}
#
# **A warning about shapes.** The right shape proves little. If n0 = n1 = m = 3, then every product of the two arrays and
# their transposes fits, and all but one are wrong. That is why the checks use sizes that differ from each other.


# %% answer="compute_dW1"
def compute_dW1(dZ1, X):
    """Return dW1 (n1, n0), the gradient of the cost by W1.

    dZ1 : (n1, m)
    X : (n0, m)
    """
    ### BEGIN SOLUTION
    return dZ1 @ X.T / dZ1.shape[1]
    ### END SOLUTION


# %% check="compute_dW1"
check(compute_dW1).points

# %% [markdown]
# The same formula in both layers: the layer's dZ times what came in, averaged over the examples. It holds for every
# layer of every network of this kind.
#
# ### One bias left
#
# {{ asked: two_layer.db1 }}
#
# **By hand.** Two hidden units, three examples:
# $dZ^{[1]} = \begin{pmatrix} 0.3 & 0 & -0.6 \\ 0.2 & 0.2 & 0.5 \end{pmatrix}$ gives
# $db^{[1]} = \begin{pmatrix} -0.1 \\ 0.3 \end{pmatrix}$: one number a unit, not one an example.


# %% answer="compute_db1"
def compute_db1(dZ1):
    """Return db1 (n1, 1), the gradient of the cost by b1.

    dZ1 : (n1, m)
    """
    ### BEGIN SOLUTION
    return np.sum(dZ1, axis=1, keepdims=True) / dZ1.shape[1]
    ### END SOLUTION


# %% check="compute_db1"
check(compute_db1).points

# %% [markdown]
# You now have every gradient of the network. What is left is to put them together.
#
# ## 4. Together
#
# ### From the error at the output to all four gradients
#
# ```text
#    cache["A2"], Y  →  dZ2  →  dA1  →  dZ1
#                        ↓               ↓
#                     dW2, db2        dW1, db1
# ```
#
# Use the functions that you have written above. Written out for W1 the chain is one formula: write it down once, and mind
# the brackets.
#
# {{ asked: two_layer.backward_propagation }}


# %% answer="backward_propagation"
def backward_propagation(parameters, cache, X, Y):
    """Return the gradient of the cost by every parameter.

    parameters : {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}
    cache : {"Z1": (n1, m), "A1": (n1, m), "Z2": (n2, m), "A2": (n2, m)}
    X : (n0, m)
    Y : (n2, m)

    Returns {"dW1": (n1, n0), "db1": (n1, 1), "dW2": (n2, n1), "db2": (n2, 1)}
    """
    ### BEGIN SOLUTION
    dZ2 = compute_dZ2(cache["A2"], Y)
    dA1 = compute_dA1(parameters["W2"], dZ2)
    dZ1 = compute_dZ1(dA1, cache["Z1"])
    return {
        "dW1": compute_dW1(dZ1, X),
        "db1": compute_db1(dZ1),
        "dW2": compute_dW2(dZ2, cache["A1"]),
        "db2": compute_db2(dZ2),
    }
    ### END SOLUTION


# %% check="backward_propagation"
check(backward_propagation).points

# %% [markdown]
# One backward pass gives the gradient by all parameters at about twice the price of a forward pass, however many
# parameters there are.
#
# You need not take anybody's word for a gradient. Nudge each weight a little up and a little down, and watch the
# cost: the slope is the gradient. A relative error below 1e-7 says that formula and cost agree. The weights here are
# not small, because near zero the gradients are so small that rounding drowns them.

# %%
with once_written():
    rng = np.random.default_rng(0)
    somewhere = {
        "W1": rng.standard_normal((4, 2)),
        "b1": rng.standard_normal((4, 1)),
        "W2": rng.standard_normal((1, 4)),
        "b2": rng.standard_normal((1, 1)),
    }
    A2, cache = forward_propagation(X, somewhere)
    grads = backward_propagation(somewhere, cache, X, Y)
    for name in somewhere:

        def cost_with(theta, name=name):
            return compute_cost(forward_propagation(X, {**somewhere, name: theta})[0], Y)

        error = relative_error(grads["d" + name], central_difference(cost_with, somewhere[name]))
        print(f"d{name}", "agrees with the cost" if error < 1e-7 else f"does not: relative error {error:.1e}")

# %% [markdown]
# ### Which way, and how far?
#
# Against the gradient, because it points uphill; and α times as far as the gradient is long, where α is the learning
# rate. All parameters move at once.
#
# {{ asked: training.update_parameters }}
#
# **By hand.** θ = 1, dθ = 0.5 and α = 1.2 give 0.4.
#
# Return new arrays and leave the given ones as they are.


# %% answer="update_parameters"
def update_parameters(parameters, grads, learning_rate):
    """Return the parameters after one step of gradient descent.

    parameters : {"W1", "b1", "W2", "b2"}
    grads : {"dW1", "db1", "dW2", "db2"}, of the same shapes
    learning_rate : a number
    """
    ### BEGIN SOLUTION
    return {name: theta - learning_rate * grads["d" + name] for name, theta in parameters.items()}
    ### END SOLUTION


# %% check="update_parameters"
check(update_parameters).points

# %% [markdown]
# Each step is small and only knows the slope where it stands; thousands of them find their way.
#
# ### Forwards, backwards, step, again
#
# Now the loop. Draw the weights from `np.random.default_rng(seed).standard_normal(...)`, times 0.01, and start the
# biases at zero. Then repeat `num_iterations` times:
#
# ```text
#    forward_propagation  →  backward_propagation  →  update_parameters
#            ↑                                               │
#            └───────────────────────────────────────────────┘
# ```
#
# Why not start the weights at zero as well? Then A1 = tanh(0) = 0 and W2 = 0, so dW1, db1 and dW2 are all 0, and only
# b2 ever moves. Equal weights that are not zero are no cure: the hidden units stay equal, four that do the work of one.
#
# The check trains with your function on 400 points (n_h = 4, 5,000 steps, learning rate 1.2) and then asks about 400
# points that it has kept back. You need 85 of 100 right, in at most ten seconds of
# processor time; half a second is common.
#
# {{ asked: nn_model }}


# %% answer="nn_model"
def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
    """Train a two-layer network with n_h hidden units by gradient descent, and return its parameters.

    X : (n0, m)
    Y : (n2, m), labels 0 or 1

    Returns {"W1": (n_h, n0), "b1": (n_h, 1), "W2": (n2, n_h), "b2": (n2, 1)}
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    parameters = {
        "W1": 0.01 * rng.standard_normal((n_h, X.shape[0])),
        "b1": np.zeros((n_h, 1)),
        "W2": 0.01 * rng.standard_normal((Y.shape[0], n_h)),
        "b2": np.zeros((Y.shape[0], 1)),
    }
    for _ in range(num_iterations):
        _, cache = forward_propagation(X, parameters)
        grads = backward_propagation(parameters, cache, X, Y)
        parameters = update_parameters(parameters, grads, learning_rate)
    return parameters
    ### END SOLUTION


# %% check="nn_model"
check(nn_model).points

# %% [markdown]
# Points that it never saw are the honest test: a network can know its training points by heart and nothing else.
#
# ## 5. What your network has learned
#
# Train it, count, and look. Every curve in the picture is made by the functions that you wrote.

# %%
trained = {}
with once_written():
    trained = nn_model(X, Y, n_h=4, num_iterations=5000, learning_rate=1.2, seed=3)

    def predict(points):
        return forward_propagation(points, trained)[0]

    X_new, Y_new = flower(400, seed=2)
    print(f"cost after training: {compute_cost(predict(X), Y):.1f}")
    print(f"right on the 400 training points: {np.mean((predict(X) > 0.5) == Y):.0%}")
    print(f"right on 400 new points: {np.mean((predict(X_new) > 0.5) == Y_new):.0%}")

# %%
inline(
    decision_boundary(predict, X, Y),
    alt="The flower with its eight petals, and the regions that the trained network gives to each kind.",
) if trained else print("Write nn_model first, then run the last two cells again.")

# %% [markdown]
# **Look around, if you like.** Change `n_h` to 1, 2, 3 or 20 and run the two cells again. With which numbers does the
# picture fail, and what shape does it get wrong? Change the learning rate to 0.01, and to 100.
#
# **Before you hand in**, restart the kernel and run all cells (in JupyterLab *Kernel*, *Restart Kernel and Run All
# Cells*): what counts is the notebook as it runs from top to bottom. Then save it.
#
# You have derived and built a neural network from its equations. The next assignment does it for any number of
# layers, and you will find that there is hardly anything to add.
