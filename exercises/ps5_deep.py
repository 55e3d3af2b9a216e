# %% [markdown]
# # Any number of layers
#
# Four equations that hold for every layer, and a network as deep as you like that is made of nothing else.
#
# **When you are done, you can**
#
# - write the way forwards and the way backwards of one layer, and build a network of L layers from them;
# - say what each activation function lets through on the way back, and why ReLU is used in deep networks;
# - start the way back from other losses: squared error, absolute error, cross-entropy;
# - prove that a bias gradient is a sum over examples, and derive a weight gradient without a single index;
# - train a network on two spirals, and draw what it has learned.
#
# **Time:** 75 to 90 minutes. Most functions have one to three lines, the longest eight; the two proofs have five
# lines and eight.
#
# **How it works.** Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check
# below it. The check tells you what is right, or what differs first. You can run it as often as you like. Cells
# between the checks use your own functions, so work from top to bottom. If you are stuck, the book's chapters *Four
# equations for any number of layers*, *Loss and cost* and *The same by differentials and the trace* derive what you are
# asked for, and `hint(linear_backward)`, in a cell of your own, gives one hint after the other.

# %% locked="setup"
import numpy as np

from autograder import check, hint, once_written, set_assignment
from course_lib.datasets import spirals
from course_lib.gradient_checking import central_difference, relative_error
from course_lib.initialization import he
from course_lib.plotting import activation_curves, decision_boundary, inline, network_diagram

set_assignment("ps5_deep")


# %% [markdown]
# ## The task
#
# Two spiral arms, one of each kind, wound around each other one and a half times. A line cuts both arms again and
# again. A network with one small hidden layer bends the line a little. To follow the arms all the way round, the bends
# themselves must be bent: this takes more layers.

# %%
X, Y = spirals(400, seed=1)
print("X has shape", X.shape, "and Y has shape", Y.shape)

# %%
inline(
    decision_boundary(lambda points: (points[:1] > 0) * 1.0, X, Y),
    alt="Two spiral arms of points, kind 0 and kind 1, wound around each other. A vertical line through the centre "
    "leaves points of both kinds on each side.",
)

# %% [markdown]
# ## Names and shapes
#
# Examples are **columns**. The layers are counted from 1 to L; the input is not counted, and is called $A^{[0]} = X$.
# Layer l has $n_l$ units.
#
# | name | what it is | shape |
# |---|---|---|
# | `X` = A0 | the points | $(n_0, m)$ |
# | `W1`, `b1`, ..., `WL`, `bL` | weights and biases of layer l | $(n_l, n_{l-1})$, $(n_l, 1)$ |
# | `Z` | a layer's units before the activation | $(n_l, m)$ |
# | `A` | the same after it, `A_prev` for the layer below | $(n_l, m)$ |
# | `AL` | the output | $(n_L, m)$ |
# | `Y` | the labels, 0 or 1 | $(n_L, m)$ |
#
# The functions of one layer drop the number: they are the same for every layer, and know only what is theirs, what
# came in from below, and what comes back from above.
#
# As always: `dZ` and `dA` have **one column an example**, the gradient of that example's own loss, without 1/m. `dW`
# and `db` are gradients of the **cost**, the mean over examples, and have the 1/m, once.
#
# Here is the network that you will train. On the way forwards each layer keeps, in a *cache*, what it needs on the way
# back.

# %%
inline(
    network_diagram([2, 20, 20, 1], ["relu", "relu", "sigmoid"]),
    alt="A network with two inputs, two hidden layers of twenty ReLU units each, and one sigmoid output, "
    "with the shape of every weight matrix.",
)

# %% [markdown]
# ## 1. One layer
#
# ### The linear part, forwards
#
# A unit weighs what comes in from the layer below, and adds its bias, for every example. Return Z, and beside it the tuple
# of the three things that it was made of. The way back will need two of them.
#
# {{ asked: deep.linear_forward }}
#
# **By hand.** W = (2  −1), b = 0.5 and one example with A = (1, 4), as a column, give Z = −1.5.


# %% answer="linear_forward"
def linear_forward(A, W, b):
    """Return Z (n, m), and cache = (A, W, b).

    A : (n_prev, m), the activations of the layer below
    W : (n, n_prev)
    b : (n, 1)
    """
    ### BEGIN SOLUTION
    return W @ A + b, (A, W, b)
    ### END SOLUTION


# %% check="linear_forward"
check(linear_forward).points

# %% [markdown]
# The cache costs memory and no time. Without it, the way back would have to run the whole network forwards again.
#
# ### What does an activation function let through?
#
# Forwards, every entry of Z goes through g alone: A = g(Z). So how does a loss that moves with A move with Z? Three
# activation functions, three slopes. Mind at which array a slope is taken.

# %%
inline(
    activation_curves(["relu", "sigmoid", "tanh"]),
    alt="ReLU, sigmoid and tanh with their derivatives. The slope of ReLU is 0 or 1, that of the sigmoid at most "
    "a quarter, that of tanh at most 1; the latter two fall to zero on both sides.",
)

# %% [markdown]
# **ReLU** is a switch. It is flat below zero, and has the slope 1 above.
#
# {{ asked: deep.relu_backward }}
#
# | z | −2 | −0.1 | 0.1 | 2 |
# |---|---|---|---|---|
# | dA that comes back | 3 | 3 | 3 | 3 |
# | dZ that is passed on | 0 | 0 | 3 | 3 |
#
# Exactly at 0 there is a corner. Any slope from 0 to 1 is accepted there; the book takes 0.


# %% answer="relu_backward"
def relu_backward(dA, Z):
    """Return dZ (n, m) of a layer with ReLU.

    dA : (n, m)
    Z : (n, m)
    """
    ### BEGIN SOLUTION
    return dA * (Z > 0)
    ### END SOLUTION


# %% check="relu_backward"
check(relu_backward).points

# %% [markdown]
# Where ReLU is open, a gradient passes at full strength, through as many layers as there are; where it is shut, the
# unit learns nothing from this example.
#
# **The sigmoid** has the slope that you know:
#
# {{ activations.sigmoid_prime }}
#
# {{ asked: deep.sigmoid_backward }}
#
# **By hand.** At z = 0 the slope is 0.25, and dA = 3 becomes dZ = 0.75. At z = 5 it is 0.0066, and 0.02 is left.


# %% answer="sigmoid_backward"
def sigmoid_backward(dA, Z):
    """Return dZ (n, m) of a layer with the sigmoid.

    dA : (n, m)
    Z : (n, m)
    """
    ### BEGIN SOLUTION
    A = 1 / (1 + np.exp(-Z))
    return dA * A * (1 - A)
    ### END SOLUTION


# %% check="sigmoid_backward"
check(sigmoid_backward).points

# %% [markdown]
# At best a quarter gets through. Ten such layers leave less than a millionth, and the first of them hardly learns: the
# *vanishing gradient* that kept networks shallow for decades.
#
# **tanh**, too:
#
# {{ activations.tanh_prime }}
#
# {{ asked: deep.tanh_backward }}
#
# **By hand.** At z = 0 the slope is 1 and everything passes. At z = 1 it is 0.42, and dA = 3 becomes dZ = 1.26.


# %% answer="tanh_backward"
def tanh_backward(dA, Z):
    """Return dZ (n, m) of a layer with tanh.

    dA : (n, m)
    Z : (n, m)
    """
    ### BEGIN SOLUTION
    return dA * (1 - np.tanh(Z) ** 2)
    ### END SOLUTION


# %% check="tanh_backward"
check(tanh_backward).points

# %% [markdown]
# Four times what the sigmoid lets through, as long as z stays near zero: one reason to start from small weights.

# %%
with once_written():
    for z in (0.1, 1.0, 3.0):
        dA, Z = np.ones((1, 1)), np.full((1, 1), z)
        left = {"relu": relu_backward, "sigmoid": sigmoid_backward, "tanh": tanh_backward}
        print(f"z = {z}:", ", ".join(f"{name} passes {f(dA, Z)[0, 0]:.3f}" for name, f in left.items()))

# %% [markdown]
# ### The linear part, backwards
#
# From dZ, three things: what goes on to the layer below, for each example; the gradient by the weights, which all
# examples share; and the one by the biases, whose input is always 1. In the last assignments you found all three for
# layers with numbers. What do they look like for any layer, and which of them are means?
#
# {{ asked: deep.linear_backward }}
#
# **By hand.** One unit, two below it, two examples. W = (2  −1), dZ = (0.5  −0.3), and
#
# $$A_\text{prev} = \begin{pmatrix} 0.4 & 0.6 \\ -0.2 & 1.0 \end{pmatrix} \quad\text{give}\quad
# dA_\text{prev} = \begin{pmatrix} 1.0 & -0.6 \\ -0.5 & 0.3 \end{pmatrix}, \quad
# dW = \begin{pmatrix} 0.01 & -0.20 \end{pmatrix}, \quad db = 0.1$$


# %% answer="linear_backward"
def linear_backward(dZ, cache):
    """Return dA_prev (n_prev, m), dW (n, n_prev) and db (n, 1), in this order.

    dZ : (n, m)
    cache : (A_prev, W, b), as linear_forward returned it
    """
    ### BEGIN SOLUTION
    A_prev, W, _ = cache
    m = dZ.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, np.sum(dZ, axis=1, keepdims=True) / m
    ### END SOLUTION


# %% check="linear_backward"
check(linear_backward).points

# %% [markdown]
# Two sums of different kinds: over units on the way down, over examples for the parameters. Only the second is a mean.
#
# ### The whole layer, backwards
#
# Through the activation, then through the linear part, with the functions that you have.
#
# {{ asked: deep.linear_activation_backward }}
#
# `cache` is a tuple of two: what the linear part kept, and Z. The word in `activation` says which of your three
# functions to take.
#
# ```text
#       cache = ( (A_prev, W, b),   Z )
#                 └ linear part ┘   └ activation
# ```


# %% answer="linear_activation_backward"
def linear_activation_backward(dA, cache, activation):
    """Return dA_prev (n_prev, m), dW (n, n_prev) and db (n, 1) of a layer with an activation.

    dA : (n, m)
    cache : ((A_prev, W, b), Z)
    activation : "relu", "sigmoid" or "tanh"
    """
    ### BEGIN SOLUTION
    linear_cache, Z = cache
    backward = {"relu": relu_backward, "sigmoid": sigmoid_backward, "tanh": tanh_backward}[activation]
    return linear_backward(backward(dA, Z), linear_cache)
    ### END SOLUTION


# %% check="linear_activation_backward"
check(linear_activation_backward).points

# %% [markdown]
# That is all of back-propagation: whoever can walk back through one layer can walk back through a thousand.
#
# ## 2. All layers
#
# ### Forwards
#
# The output of one layer is the input of the next. ReLU in every layer but the last, the sigmoid in the last.
#
# {{ asked: deep.forward_propagation }}
#
# How many layers there are, the parameters tell: two entries for each. Collect a cache for every layer, `((A_prev, W,
# b), Z)`, in a list, the first layer first. A network with L = 1 has no hidden layer, and is to work as well.
#
# **A number to hold on to.** If all parameters are 0, the output is 0.5, however many layers there are.


# %% answer="L_model_forward"
def L_model_forward(X, parameters):
    """Run a network with L layers forwards: ReLU in the hidden layers, the sigmoid in the last.

    X : (n0, m)
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ..., "WL": (n_L, n_{L-1}), "bL": (n_L, 1)}

    Returns AL (n_L, m), and caches, a list of L tuples ((A_prev, W, b), Z)
    """
    ### BEGIN SOLUTION
    A, caches, L = X, [], len(parameters) // 2
    for layer in range(1, L + 1):
        Z, linear_cache = linear_forward(A, parameters[f"W{layer}"], parameters[f"b{layer}"])
        caches.append((linear_cache, Z))
        A = np.maximum(Z, 0) if layer < L else 1 / (1 + np.exp(-Z))
    return A, caches
    ### END SOLUTION


# %% check="L_model_forward"
check(L_model_forward).points

# %% [markdown]
# One loop runs any network of this kind; its depth is not in the code but in the parameters.

# %%
with once_written():
    for dims in ((2, 1), (2, 20, 1), (2, 20, 20, 1)):
        AL, caches = L_model_forward(X, he(dims, seed=0))
        shapes = ", ".join(str(Z.shape) for _, Z in caches)
        print(f"L = {len(caches)}: Z has the shapes {shapes}; outputs from {AL.min():.2f} to {AL.max():.2f}")

# %% [markdown]
# ### Backwards
#
# The cost is the mean cross-entropy, and the last layer has the sigmoid. You know what becomes of the two together: all
# fractions cancel. From there, layer by layer downwards.
#
# {{ asked: deep.backward_propagation }}
#
# ```text
#       AL, Y  ──dZ──►  layer L  ──dA──►  layer L−1  ──dA──►   ...   ──dA──►  layer 1
#                          │                  │                                  │
#                       dWL, dbL        dW(L−1), db(L−1)                      dW1, db1
# ```
#
# `caches[0]` belongs to layer 1, and `caches[-1]` to layer L. Python counts from 0, the parameters from 1.
#
# You may also start with the derivative of the cross-entropy and go through `sigmoid_backward`. This is right as well,
# until an output is exactly 0 or 1.


# %% answer="L_model_backward"
def L_model_backward(AL, Y, caches):
    """Return the gradient of the cost, the mean cross-entropy, by every parameter.

    AL : (n_L, m), the output
    Y : (n_L, m), labels 0 or 1
    caches : a list of L tuples ((A_prev, W, b), Z), as L_model_forward returned it

    Returns {"dW1": (n1, n0), "db1": (n1, 1), ..., "dWL": (n_L, n_{L-1}), "dbL": (n_L, 1)}
    """
    ### BEGIN SOLUTION
    grads, L = {}, len(caches)
    dA, grads[f"dW{L}"], grads[f"db{L}"] = linear_backward(AL - Y, caches[-1][0])
    for layer in range(L - 1, 0, -1):
        cache = caches[layer - 1]
        dA, grads[f"dW{layer}"], grads[f"db{layer}"] = linear_activation_backward(dA, cache, "relu")
    return grads
    ### END SOLUTION


# %% check="L_model_backward"
check(L_model_backward).points

# %% [markdown]
# As many gradients as parameters, for about the price of two more runs forwards.
#
# You need not take anybody's word for it. Nudge every parameter of a network with three layers, and watch the cost:

# %%
with once_written():
    somewhere = he((2, 5, 4, 1), seed=0)
    few_X, few_Y = X[:, :30], Y[:, :30]

    def cost_with(name, theta):
        AL, _ = L_model_forward(few_X, {**somewhere, name: theta})
        return np.sum(-few_Y * np.log(AL) - (1 - few_Y) * np.log(1 - AL)) / few_Y.shape[1]

    AL, caches = L_model_forward(few_X, somewhere)
    grads = L_model_backward(AL, few_Y, caches)
    for name in somewhere:
        numerical = central_difference(lambda theta, name=name: cost_with(name, theta), somewhere[name])
        error = relative_error(grads["d" + name], numerical)
        print(f"d{name}", "agrees with the cost" if error < 1e-7 else f"does not: relative error {error:.1e}")

# %% [markdown]
# ## 3. Other losses, and a step
#
# ### What if the answer is not yes or no?
#
# Everything below the output stays as it is. Only the first step of the way back is new: the derivative of another
# loss by the output. Three of them, each entry by entry and for each example's own loss, so without 1/m.
#
# **The squared error** $L = (a - y)^2$. There is no 1/2 in front. What does that leave in the derivative?
#
# {{ asked: losses.mse_prime }}
#
# **By hand.** a = 0.7 and y = 1: the loss is 0.09 and its derivative −0.6. At a = 0.71 the loss is 0.0841, which is
# 0.0059 less, close to 0.6 × 0.01.


# %% answer="mse_prime"
def mse_prime(A, Y):
    """Return the derivative of the squared error by the output, (n_L, m).

    A : (n_L, m)
    Y : (n_L, m), any numbers
    """
    ### BEGIN SOLUTION
    return 2 * (A - Y)
    ### END SOLUTION


# %% check="mse_prime"
check(mse_prime).points

# %% [markdown]
# An error that is ten times as large pulls ten times as hard, which is good near the answer and bad far from it.
#
# **The absolute error** $L = |a - y|$:
#
# {{ asked: losses.mae_prime }}
#
# Where a = y there is a corner, and any number from −1 to 1 is accepted.


# %% answer="mae_prime"
def mae_prime(A, Y):
    """Return the derivative of the absolute error by the output, (n_L, m).

    A : (n_L, m)
    Y : (n_L, m), any numbers
    """
    ### BEGIN SOLUTION
    return np.sign(A - Y)
    ### END SOLUTION


# %% check="mae_prime"
check(mae_prime).points

# %% [markdown]
# Every error pulls equally hard, so one wild outlier has no more to say than any other example.
#
# **The cross-entropy** $L = -y \log a - (1 - y) \log (1 - a)$, for labels 0 and 1:
#
# {{ asked: losses.bce_prime }}
#
# | y = 1 and a = | 0.99 | 0.9 | 0.5 | 0.1 | 0.01 |
# |---|---|---|---|---|---|
# | squared error | −0.02 | −0.2 | −1 | −1.8 | −1.98 |
# | absolute error | −1 | −1 | −1 | −1 | −1 |
# | cross-entropy | −1.01 | −1.11 | −2 | −10 | −100 |


# %% answer="bce_prime"
def bce_prime(A, Y):
    """Return the derivative of the cross-entropy by the output, (n_L, m).

    A : (n_L, m), strictly between 0 and 1
    Y : (n_L, m), labels 0 or 1
    """
    ### BEGIN SOLUTION
    return -Y / A + (1 - Y) / (1 - A)
    ### END SOLUTION


# %% check="bce_prime"
check(bce_prime).points

# %% [markdown]
# To be sure and wrong costs without limit, and this steepness is just what makes up for the flat ends of the sigmoid.
#
# Which loss you choose decides what you get. Here a single number c is fitted to five prices, one of them wild:

# %%
with once_written():
    prices = np.array([[1.0, 2.0, 3.0, 4.0, 40.0]])
    for name, prime in (("squared", mse_prime), ("absolute", mae_prime)):
        c = 0.0
        for _ in range(3000):
            c = c - 0.01 * np.mean(prime(np.full(prices.shape, c), prices))
        print(f"the {name} error ends at c = {c:.1f}")
    print(f"mean {np.mean(prices):.1f}, median {np.median(prices):.1f}")

# %% [markdown]
# ### A step
#
# As for two layers: against the gradient, α times as far as it is long, where α is the learning rate; now for all
# parameters that there are, up to $W^{[L]}$ and $b^{[L]}$.
#
# {{ asked: training.update_parameters }}
#
# **By hand.** θ = 1, dθ = 0.5 and α = 1.2 give 0.4.
#
# Return new arrays and leave the given ones as they are.


# %% answer="update_parameters"
def update_parameters(parameters, grads, learning_rate):
    """Return the parameters after one step of gradient descent.

    parameters : {"W1", "b1", ..., "WL", "bL"}
    grads : {"dW1", "db1", ..., "dWL", "dbL"}, of the same shapes
    learning_rate : a number
    """
    ### BEGIN SOLUTION
    return {name: theta - learning_rate * grads["d" + name] for name, theta in parameters.items()}
    ### END SOLUTION


# %% check="update_parameters"
check(update_parameters).points

# %% [markdown]
# If you wrote the names W1, b1, W2 and b2 in ps4, this is where a loop over whatever there is pays off.
#
# ## 4. Two proofs
#
# ### Why is db a sum over examples?
#
# You have written db above, in one line. Now prove it, line by line. k and i count units, j counts examples, in code
# from 0.
#
# **Line 1.** The layer computes
#
# $$z_{kj} = \sum_u w_{ku}\, a_{uj} + b_k .$$
#
# Which entries of Z move when $b_i$ moves, and how fast? For each bias this is a matrix of Z's shape.
#
# ```text
#      z_by_b[i]  is a matrix of Z's shape: how all of Z reacts to b_i
#
#      n = 2, m = 4           z_by_b[0]              z_by_b[1]
#                             □ □ □ □   row k = 0    □ □ □ □
#                             □ □ □ □   row k = 1    □ □ □ □       which of the sixteen are 0?
# ```
#
# **Line 2.** J is the mean of the losses, and $z_{kj}$ acts on example j's loss alone, so
# $\partial J / \partial z_{kj} = \frac{1}{m} dz_{kj}$. By the chain rule each entry of Z contributes
#
# $$\frac{1}{m}\, dz_{kj}\, \frac{\partial z_{kj}}{\partial b_i}.$$
#
# Write all these products down.
#
# **Line 3.** Sum over the units k. What is left has two indices: i and j.
#
# **Line 4.** Sum over the examples j. What is left has the shape of b.
#
# **Line 5.** The same as a product of two matrices, one of which is a column of m ones.
#
# Get lines 1 to 4 from each other, and line 5 from dZ. Each is checked on its own and has its share of the points.
#
# {{ asked: proof_db }}


# %% answer="proof_db"
def proof_db(dZ):
    """Return the lines of the proof of what db is, as a dict of arrays.

    dZ : (n, m)

    Returns
    "z_by_b" : (n, n, m), entry [i, k, j] is the derivative of z_kj by b_i
    "terms" : (n, n, m), entry [i, k, j] is what b_i contributes to the gradient of the cost through z_kj
    "over_units" : (n, m), entry [i, j] is the sum of the terms over k
    "over_examples" : (n, 1), entry [i, 0] is the sum over k and j
    "by_ones" : (n, 1), the same by a product with a column of ones
    """
    ### BEGIN SOLUTION
    n, m = dZ.shape
    z_by_b = np.zeros((n, n, m))
    for i in range(n):
        z_by_b[i, i] = 1
    terms = dZ * z_by_b / m
    over_units = terms.sum(axis=1)
    return {
        "z_by_b": z_by_b,
        "terms": terms,
        "over_units": over_units,
        "over_examples": over_units.sum(axis=1, keepdims=True),
        "by_ones": dZ @ np.ones((m, 1)) / m,
    }
    ### END SOLUTION


# %% check="proof_db"
check(proof_db).points

# %% [markdown]
# A bias is shared by all examples, and so is its gradient; dZ itself is not, and this is why it has a column for each.

# %% [markdown] written="written-proof_db"
# ### In words
#
# Write the argument in five to eight sentences or lines of formulas, and answer these four questions on the way.
# Double-click here, and write in the place of the last line. A person reads this cell. Each question counts the same; a
# right result without its reason counts half.
#
# 1. What is $\partial z_{kj} / \partial b_i$, for which k and j is it not zero, and why does it not depend on j?
# 2. Where does the 1/m come from, and why does it not stand in dZ already?
# 3. There are two sums in the chain rule, over k and over j. What does each of them leave?
# 4. Somebody sums with `np.sum(dZ, axis=0, keepdims=True)`. What shape has that, and why does
#    `b - learning_rate * db` raise no error?
#
# **Your answer**
# ---rubric---
# A quarter of the points for each question. Another order and other letters are as good; half of a quarter for a right
# result without a reason.
#
# 1. From $z_{kj} = \sum_u w_{ku} a_{uj} + b_k$: it is $\delta_{ki}$, 1 for k = i and 0 else, for every j, because the
#    same bias is added to every column (every example).
# 2. J is the mean of the losses, $J = \frac{1}{m} \sum_j L_j$, and $z_{kj}$ occurs in $L_j$ only, so
#    $\partial J / \partial z_{kj} = \frac{1}{m}\, \partial L_j / \partial z_{kj} = \frac{1}{m}\, dz_{kj}$. By the
#    convention dZ holds the gradients of each example's own loss; were 1/m in dZ too, it would be applied twice.
# 3. The sum over k leaves the one term k = i: $\frac{1}{m} dz_{ij}$. The sum over j leaves all m terms, because $b_i$
#    acts on every example: $db_i = \frac{1}{m} \sum_j dz_{ij}$, which is entry i of $\frac{1}{m} dZ\, \mathbf{1}$.
# 4. (1, m): it sums over units instead of examples. (n, 1) minus (1, m) broadcasts to (n, m), so b silently becomes a
#    matrix. Both the shape and the broadcasting must be named.

# %% [markdown]
# ### The same kind of gradient, without a single index
#
# A second way to derive gradients asks: if W1 changes a little, how much does the cost change, to first order? If the
# answer can be written as
#
# $$\text{change of } J = \operatorname{tr}\left(G^T \cdot \text{change of } W^{[1]}\right)$$
#
# for *every* small change, then G is the gradient. For $\operatorname{tr}(M^T N) = \sum_{ij} m_{ij} n_{ij}$: it adds up
# entry times entry, gradient times change. No index is needed, only three rules:
#
# $$\operatorname{tr}(M N) = \operatorname{tr}(N M), \qquad (M N)^T = N^T M^T, \qquad
# \operatorname{tr}\left(M^T (N \odot P)\right) = \operatorname{tr}\left((M \odot N)^T P\right).$$
#
# Take the network with two layers, tanh and sigmoid:
#
# $$Z^{[1]} = W^{[1]} X + b^{[1]} \mathbf{1}^T, \quad A^{[1]} = \tanh Z^{[1]}, \quad
# Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]} \mathbf{1}^T .$$
#
# Some books write $dW^{[1]}$ for a small change of $W^{[1]}$. Here that is the gradient's name, so changes are
# spelled out.
#
# **Lines 1 to 3**, forwards. W1 changes by `change_of_W1`, a matrix of its shape, and nothing else is touched. How do
# Z1, A1 and Z2 change, to first order? The slope of tanh comes in at one of the three.
#
# **Line 4.** dZ2 holds the gradients of the losses by Z2, and J is their mean. So
#
# $$\text{change of } J = \frac{1}{m} \operatorname{tr}\left(\left(dZ^{[2]}\right)^T \text{change of } Z^{[2]}\right).$$
#
# **Lines 5 and 6**, backwards. The number stays the same, and the change in it is traced back, one step a line. Which
# matrix must stand beside the change of A1, and which beside the change of Z1?
#
# $$\text{change of } J
# = \frac{1}{m} \operatorname{tr}\left(\left(\text{beside } A^{[1]}\right)^T \text{change of } A^{[1]}\right)
# = \frac{1}{m} \operatorname{tr}\left(\left(\text{beside } Z^{[1]}\right)^T \text{change of } Z^{[1]}\right)$$
#
# **Line 7.** Compute the last of these traces. It is line 4 once more, by another route.
#
# **Line 8.** One step further, and you read off the gradient.
#
# {{ asked: proof_dW1 }}
#
# `np.trace(M.T @ N)` is the trace; `np.sum(M * N)` is the same number for less work.


# %% answer="proof_dW1"
def proof_dW1(W2, dZ2, Z1, X, change_of_W1):
    """Return the lines of the derivation of the cost's gradient by W1, as a dict.

    W2 : (n2, n1)
    dZ2 : (n2, m)
    Z1 : (n1, m)
    X : (n0, m)
    change_of_W1 : (n1, n0), a small change of W1

    Returns
    "change_of_Z1" : (n1, m)
    "change_of_A1" : (n1, m), to first order
    "change_of_Z2" : (n2, m), to first order
    "change_of_J" : a number, 1/m tr(dZ2^T change_of_Z2)
    "beside_A1" : (n1, m), the matrix M with change_of_J = 1/m tr(M^T change_of_A1)
    "beside_Z1" : (n1, m), the matrix M with change_of_J = 1/m tr(M^T change_of_Z1)
    "moved" : a number, 1/m tr(beside_Z1^T change_of_Z1)
    "gradient" : (n1, n0), the matrix G with change_of_J = tr(G^T change_of_W1)
    """
    ### BEGIN SOLUTION
    m = X.shape[1]
    slope = 1 - np.tanh(Z1) ** 2
    change_of_Z1 = change_of_W1 @ X
    change_of_A1 = slope * change_of_Z1
    change_of_Z2 = W2 @ change_of_A1
    beside_A1 = W2.T @ dZ2
    beside_Z1 = beside_A1 * slope
    return {
        "change_of_Z1": change_of_Z1,
        "change_of_A1": change_of_A1,
        "change_of_Z2": change_of_Z2,
        "change_of_J": np.trace(dZ2.T @ change_of_Z2) / m,
        "beside_A1": beside_A1,
        "beside_Z1": beside_Z1,
        "moved": np.trace(beside_Z1.T @ change_of_Z1) / m,
        "gradient": beside_Z1 @ X.T / m,
    }
    ### END SOLUTION


# %% check="proof_dW1"
check(proof_dW1).points

# %% [markdown]
# Line 6 is dZ1, and line 8 is the formula of ps4: two derivations that share nothing but the network have arrived at
# the same place.
#
# Is it true? Below W1 really changes, by less and less. The first-order change comes closer and closer to the real one:
# whenever the change is ten times smaller, what is missing is a hundred times smaller.

# %%
with once_written():
    rng = np.random.default_rng(0)
    W1, b1 = rng.standard_normal((4, 2)), rng.standard_normal((4, 1))
    W2, b2 = rng.standard_normal((1, 4)), rng.standard_normal((1, 1))
    direction = rng.standard_normal(W1.shape)

    def output(W1):
        return 1 / (1 + np.exp(-(W2 @ np.tanh(W1 @ X + b1) + b2)))

    def cost(W1):
        return np.sum(-Y * np.log(output(W1)) - (1 - Y) * np.log(1 - output(W1))) / Y.shape[1]

    for size in (0.1, 0.01, 0.001):
        lines = proof_dW1(W2, output(W1) - Y, W1 @ X + b1, X, size * direction)
        real = cost(W1 + size * direction) - cost(W1)
        print(f"real change {real:+.7f}, to first order {lines['change_of_J']:+.7f}, ", end="")
        print(f"missing {abs(real - lines['change_of_J']):.1e}")

# %% [markdown] written="written-proof_dW1"
# ### In words
#
# Write the derivation as a chain of equations that begins with
# $\frac{1}{m} \operatorname{tr}\left(\left(dZ^{[2]}\right)^T \text{change of } Z^{[2]}\right)$ and ends with
# $\operatorname{tr}\left(G^T \cdot \text{change of } W^{[1]}\right)$. Use letters of your own for the changes, and say
# which rule each `=` uses. Then answer two questions. A person reads this cell; the chain counts half, each of the two
# questions a quarter.
#
# 1. There are two transposes in the end. Where, and by which rule, does each of them come in?
# 2. Why may G be read off in the end? What if the two numbers were equal only for the one change that you tried?
#
# **Your answer**
# ---rubric---
# A half of the points for the chain, a quarter for each question. With D for a change, and S = tanh'(Z1):
#
# $\frac{1}{m} \operatorname{tr}(dZ_2^T\, D Z_2)$
# $= \frac{1}{m} \operatorname{tr}(dZ_2^T\, W_2\, D A_1)$ (Z2 is linear in A1)
# $= \frac{1}{m} \operatorname{tr}((W_2^T dZ_2)^T\, D A_1)$ (transpose of a product)
# $= \frac{1}{m} \operatorname{tr}((W_2^T dZ_2)^T (S \odot D Z_1))$ (first order of an element-wise function)
# $= \frac{1}{m} \operatorname{tr}(((W_2^T dZ_2) \odot S)^T\, D Z_1)$ (rule for the element-wise product)
# $= \frac{1}{m} \operatorname{tr}(((W_2^T dZ_2) \odot S)^T\, D W_1\, X)$ (Z1 is linear in W1)
# $= \frac{1}{m} \operatorname{tr}(X ((W_2^T dZ_2) \odot S)^T\, D W_1)$ (the trace of a product may be rotated)
# $= \operatorname{tr}(G^T D W_1)$ with $G = \frac{1}{m} ((W_2^T dZ_2) \odot S)\, X^T$ (transpose of a product).
#
# A missing rule costs an eighth of the chain's half; a chain with the right end and no rules gets a half of it.
# Brackets matter: without them around $(W_2^T dZ_2) \odot S$ the line is ambiguous.
#
# 1. Of W2: from $dZ_2^T W_2 = (W_2^T dZ_2)^T$, the transpose of a product. Of X: X stands on the right of the change, is
#    rotated to the front under the trace, and is transposed when G is read off from $G^T$.
# 2. Because the equality holds for every change: with a change that is 1 in one entry and 0 elsewhere, the trace is
#    just that entry of G, so every entry of G is the derivative by the same entry of W1. For a single change it would
#    be one equation for n1 n0 unknowns; many other matrices satisfy it.

# %% [markdown]
# ## 5. What your network has learned
#
# Forwards, backwards, step, again: with the functions that you have written there is nothing left to invent. The
# weights start as the book's chapter on initialization has it for ReLU.

# %%
trained = {}
with once_written():
    parameters = he((2, 20, 20, 1), seed=3)
    for iteration in range(3001):
        AL, caches = L_model_forward(X, parameters)
        if iteration % 500 == 0:
            J = np.sum(-Y * np.log(AL) - (1 - Y) * np.log(1 - AL)) / Y.shape[1]
            print(f"after {iteration:4} steps: cost {J:.3f}, right {np.mean((AL > 0.5) == Y):.0%}")
        parameters = update_parameters(parameters, L_model_backward(AL, Y, caches), 0.5)
    trained = parameters

    X_new, Y_new = spirals(400, seed=2)
    print(f"right on 400 new points: {np.mean((L_model_forward(X_new, trained)[0] > 0.5) == Y_new):.0%}")

# %%
inline(
    decision_boundary(lambda points: L_model_forward(points, trained)[0], X, Y),
    alt="The two spiral arms, and the regions that the trained network gives to each kind: two bands that wind "
    "around each other and follow the arms.",
) if trained else print("Write L_model_forward, L_model_backward and update_parameters, then run the last two cells.")

# %% [markdown]
# Every border in the picture is made of straight pieces: that is how a network of ReLUs bends.
#
# **Look around, if you like.** Change the layers to (2, 1), (2, 20, 1) or (2, 10, 10, 10, 10, 1), and run the two cells
# again. Which of them can follow the arms? Replace `np.maximum(Z, 0)` by the sigmoid in a network with five layers, and
# `"relu"` by `"sigmoid"`: how long does the first layer sleep?
#
# **Before you hand in**, restart the kernel and run all cells (in JupyterLab *Kernel*, *Restart Kernel and Run All
# Cells*): what counts is the notebook as it runs from top to bottom. Then save it.
#
# You have a network of any depth, and two proofs of its gradients. The next assignment asks how you would find out, if
# one of them were wrong.
