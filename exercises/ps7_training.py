# %% [markdown]
# # Training
#
# A network that reads handwriting, trained by code that you write: the steps, the batches and the loop.
#
# **When you are done, you can**
#
# - say what gradient descent, momentum and Adam make of one and the same gradient, and why;
# - deal examples out into mini-batches, and say what this buys;
# - write the loop that trains a network of any depth, and run it on real images;
# - measure it on examples that it has never seen, and look at its mistakes.
#
# **Time:** 40 to 60 minutes. The five functions are short; the longest has about eight lines.
#
# **How it works.** Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check
# below it. The check tells you what is right, or what differs first. You can run it as often as you like. Cells
# between the checks use your own functions, so work from top to bottom. If you are stuck, the book's chapters *Training*
# and *Momentum and Adam* have what you are asked for, and `hint(adam_step)`, in a cell of your own, gives one hint
# after the other.

# %% locked="setup"
import numpy as np

from autograder import check, hint, once_written, set_assignment
from course_lib import deep
from course_lib.datasets import even_digits, split
from course_lib.initialization import he
from course_lib.plotting import PALETTE, cost_curves, inline, new_axes, new_grid
from course_lib.plotting.style import ABOVE, add_legend

set_assignment("ps7_training")


def draw_digits(columns, titles, across=5):
    """Draw images of 8 x 8 pixels, each a column of 64 numbers between 0 and 1, with a line of text above each."""
    down = -(-len(titles) // across)
    axes = new_grid(down, across, 4.6, 1.35 * down)
    for spare in axes[len(titles) :]:
        spare.remove()
    for ax, column, title in zip(axes, columns.T, titles, strict=False):
        ink = np.zeros((8, 8, 4))
        ink[..., :3] = [int(PALETTE["blue"][k : k + 2], 16) / 255 for k in (1, 3, 5)]
        ink[..., 3] = column.reshape(8, 8)
        ax.pcolormesh(ink)
        ax.set(title=title, xticks=[], yticks=[], aspect="equal", ylim=(8, 0))
    return axes


# %% [markdown]
# ## The task
#
# Below are some of 1,797 digits that people wrote by hand, 8 × 8 pixels each. **Is the digit even or odd?** Nothing about
# the shape of a digit says so: 1 looks like 7, and 3 looks like 8. The network has to find out what each digit looks
# like, though nobody tells it that there are ten of them.

# %%
images, Y_train, images_test, Y_test = split(*even_digits(), seed=0)
print("to train on:  images", images.shape, "Y", Y_train.shape)
print("held back:    images", images_test.shape, "Y", Y_test.shape)

# %%
inline(
    draw_digits(images[:, :10], ["even" if y else "odd" for y in Y_train[0, :10]]),
    alt="Ten handwritten digits of 8 by 8 pixels, each with the word even or odd above it.",
)

# %% [markdown]
# Each image is a column, its 64 pixels from top to bottom as numbers between 0 and 1; Y is 1 where the digit is even. A
# quarter of the digits is held back: the network will be asked about them, and never trained on them.
#
# **Before training, the mean image is subtracted.** Why? One example moves the weights of a unit by $dz\, x^T$. If no pixel
# is negative, all 64 entries of that have the same sign: all weights of a unit would have to go up together, or down
# together. With the mean taken away, each pixel pulls in its own direction. The mean is that of the training images;
# the held-back ones have no say in it.

# %%
mean_image = images.mean(axis=1, keepdims=True)
X_train, X_test = images - mean_image, images_test - mean_image
print(f"pixels before: from {images.min():.1f} to {images.max():.1f}")
print(f"pixels after:  from {X_train.min():.1f} to {X_train.max():.1f}")

# %% [markdown]
# ### What you bring along
#
# Forward and backward passes for any number of layers are what the last assignments were about. Here are the course's own,
# under the names you know. If you have kept yours, paste them into this cell instead: they do the same.


# %%
def L_model_forward(X, parameters):
    """Return AL (nL, m) and the caches: ReLU in the hidden layers, the sigmoid at the end."""
    return deep.forward_propagation(X, parameters)


def L_model_backward(AL, Y, caches):
    """Return the gradients of the cost, {"dW1", "db1", ..., "dWL", "dbL"}."""
    return deep.backward_propagation(AL, Y, caches)


def initialize_parameters(layer_dims, seed):
    """Return random weights of a good size for ReLU, and biases of zero: {"W1", "b1", ..., "WL", "bL"}."""
    return he(layer_dims, seed)


def compute_cost(AL, Y):
    """Return the cost: cross-entropy summed over outputs, averaged over examples."""
    return float(deep.cost(np.clip(AL, 1e-12, 1 - 1e-12), Y))


# %% [markdown]
# ## 1. One gradient, three ways to step
#
# In this part θ is any array of parameters, a matrix of weights or a column of biases, and dθ is the gradient of the cost
# by it. Everything happens element by element, so one function serves all shapes.
#
# ### Straight downhill
#
# The gradient points uphill. Go against it, α times as far as it is long, where α is the learning rate.
#
# {{ asked: optimizers.gradient_descent_step }}
#
# **By hand.** θ = 1, dθ = 0.5 and α = 0.1 give 0.95.
#
# Return a new array, and leave θ as it is.


# %% answer="gradient_descent_step"
def gradient_descent_step(theta, grad, learning_rate):
    """Return theta after one step of gradient descent.

    theta, grad : arrays of one shape
    learning_rate : a number
    """
    ### BEGIN SOLUTION
    return theta - learning_rate * grad
    ### END SOLUTION


# %% check="gradient_descent_step"
check(gradient_descent_step).points

# %% [markdown]
# All the other steps are this one, with something better in the place of the gradient.
#
# To see what is wrong with it, take a cost that is a long narrow valley, $J = \frac{1}{2}(\theta_0^2 + 30\,\theta_1^2)$: the
# gradient is $(\theta_0,\ 30\,\theta_1)$. Across the valley it is steep, along the valley it is flat, and both get the
# same learning rate.

# %%
STEEPNESS = np.array([1.0, 30.0])
START = np.array([-9.0, 1.5])


def valley_cost(theta):
    """Return the cost in the valley."""
    return 0.5 * np.sum(STEEPNESS * theta**2)


paths = {}
with once_written():
    for learning_rate in (0.005, 0.06, 0.07):
        path = [START]
        for _ in range(40):
            path.append(gradient_descent_step(path[-1], STEEPNESS * path[-1], learning_rate))
        print(f"learning rate {learning_rate}: after 40 steps the cost is {valley_cost(path[-1]):.3g}")
        if learning_rate == 0.06:
            paths["gradient descent"] = np.array(path)

# %% [markdown]
# Too slow along the valley, or too fast across it: at 0.07 every step overshoots the bottom by more than it was away
# from it. No single learning rate is good for both directions.
#
# ### Remember where you were going
#
# If the gradient points to the left, to the right, to the left again, then these parts cancel in a *mean* of the last
# gradients; what points the same way every time stays. So keep a running mean v, in which a gradient that is k steps old
# counts $\beta^k$ times as much as the newest, and step along v. What must the newest count, so that all weights add up to
# 1 in the long run? And how does v come from the v before it, without the old gradients?
#
# {{ asked: optimizers.momentum_step }}
#
# **By hand.** v = 0.2, dθ = 1 and β = 0.9 give v = 0.28. With θ = 1 and α = 0.5 the step goes to 0.86. The *new* v is
# used.
#
# You will find momentum with a newest gradient that counts 1, too. Then v is no mean but larger, and α must be smaller.
#
# The function remembers nothing by itself: the caller keeps v, and hands it in again the next time.


# %% answer="momentum_step"
def momentum_step(theta, grad, v, learning_rate, beta):
    """Return (theta, v) after one step with momentum.

    theta, grad, v : arrays of one shape; v is zero before the first step
    learning_rate, beta : numbers
    """
    ### BEGIN SOLUTION
    v = beta * v + (1 - beta) * grad
    return theta - learning_rate * v, v
    ### END SOLUTION


# %% check="momentum_step"
check(momentum_step).points

# %% [markdown]
# A mean of noisy gradients is less noisy than each of them, and this is what makes small batches usable further below.

# %%
with once_written():
    theta, v = START, np.zeros(2)
    path = [theta]
    for _ in range(40):
        theta, v = momentum_step(theta, STEEPNESS * theta, v, learning_rate=0.25, beta=0.8)
        path.append(theta)
    paths["momentum"] = np.array(path)
    print(f"momentum, learning rate 0.25: after 40 steps the cost is {valley_cost(theta):.3g}")

# %% [markdown]
# A rate of 0.25 would have been far too much without momentum, where everything above 2/30 = 0.067 runs away.
#
# ### A rate of its own for every weight
#
# Adam keeps two running means: m of the gradients, as momentum does, and v of their *squares*. The root of v says how large
# a gradient usually is, and dividing by it makes the steps of all weights about equally long.
#
# Both means start at zero and are too small at first: after t steps the weights of all gradients in them do not add up to
# 1 yet. To what do they add up? Divide by that number. Then the corrected m, divided by the root of the corrected v, takes
# the place of the gradient in a step; ε is added to the root, so that nothing is divided by 0.
#
# {{ asked: optimizers.adam_step }}
#
# The square and the root are taken element by element, t counts from 1, and ε stands *outside* the root.
#
# **By hand.** The first step (t = 1, m = v = 0, β1 = 0.9, β2 = 0.999) with a gradient g: m = 0.1 g and v = 0.001 g². With
# the correction they are g and g². So the step is as long as the learning rate, whatever the gradient.
#
# | gradient | 0.001 | 1 | −1,000 |
# |---|---|---|---|
# | step of gradient descent, α = 0.1 | −0.0001 | −0.1 | 100 |
# | first step of Adam, α = 0.1 | −0.1 | −0.1 | 0.1 |
#
# The m and v that you return are the plain means; the corrections are made anew at every step.


# %% answer="adam_step"
def adam_step(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon):
    """Return (theta, m, v) after one step of Adam.

    theta, grad, m, v : arrays of one shape; m and v are zero before the first step
    t : the number of this step, from 1
    learning_rate, beta1, beta2, epsilon : numbers
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_corrected = m / (1 - beta1**t)
    v_corrected = v / (1 - beta2**t)
    return theta - learning_rate * m_corrected / (np.sqrt(v_corrected) + epsilon), m, v
    ### END SOLUTION


# %% check="adam_step"
check(adam_step).points

# %% [markdown]
# Since its steps hardly depend on the scale of the gradients, the same learning rate serves very different networks; this
# is why Adam is what most people try first.

# %%
with once_written():
    theta, m, v = START, np.zeros(2), np.zeros(2)
    path = [theta]
    for t in range(1, 41):
        theta, m, v = adam_step(theta, STEEPNESS * theta, m, v, t, 0.7, 0.9, 0.999, 1e-8)
        path.append(theta)
    paths["Adam"] = np.array(path)
    print(f"Adam, learning rate 0.7: after 40 steps the cost is {valley_cost(theta):.3g}")

# %%
if len(paths) == 3:
    ax = new_axes(4.6, 3.6)
    along, across = np.meshgrid(np.linspace(-10, 4, 120), np.linspace(-1.8, 1.8, 80))
    cost = 0.5 * (along**2 + 30 * across**2)
    ax.contour(along, across, cost, levels=[1, 5, 15, 35, 70, 120], colors=PALETTE["grey"], linewidths=0.7)
    for (name, path), colour, marker in zip(paths.items(), ("blue", "orange", "green"), "o^s", strict=True):
        ax.plot(path[:, 0], path[:, 1], f"{marker}-", color=PALETTE[colour], markersize=3, linewidth=1, label=name)
    ax.set(xlabel="$\\theta_0$, along the valley", ylabel="$\\theta_1$, across it")
    add_legend(ax, **ABOVE)
    picture = inline(
        ax,
        alt="Three paths of 40 steps in a long narrow valley, all from the same start on the left. Gradient descent "
        "jumps from side to side while it creeps along the valley, and stops short of the bottom. Momentum swings in "
        "wide turns and reaches the bottom. Adam walks down in a curve, goes past the bottom, and turns back.",
    )
picture if len(paths) == 3 else print("Write the three steps first, then run the cells above again.")

# %% [markdown]
# ## 2. Batches
#
# ### Must you look at all examples before each step?
#
# The cost is a mean over examples. The mean over 64 of them, drawn by chance, is an estimate of it, at a twentieth of the
# price; and after it you may take a step, where the full batch would still be adding up. Once through all examples is an
# *epoch*.
#
# ```text
#    examples   0  1  2  3  4  5  6  7  8  9        in the order in which they came
#    shuffled   4  8  1 | 9  0  6 | 3  7  2 | 5     batches of 3: the last one is short
# ```
#
# Every example is dealt out exactly once, and each column of X keeps its column of Y. Why shuffle? If all even digits came
# first, a batch would be all even, and its mean would say nothing about the rest.
#
# Shuffle with `np.random.default_rng(seed)`, which has a method `permutation(m)`. The result is a list.
#
# {{ asked: random_mini_batches }}


# %% answer="random_mini_batches"
def random_mini_batches(X, Y, batch_size, seed):
    """Return the examples in random order as a list of batches (X_b, Y_b).

    X : (n0, m)
    Y : (nL, m)
    batch_size : how many examples a batch has; the last one may have fewer
    seed : the same seed gives the same batches
    """
    ### BEGIN SOLUTION
    m = X.shape[1]
    order = np.random.default_rng(seed).permutation(m)
    batches = []
    for start in range(0, m, batch_size):
        columns = order[start : start + batch_size]
        batches.append((X[:, columns], Y[:, columns]))
    return batches
    ### END SOLUTION


# %% check="random_mini_batches"
check(random_mini_batches).points

# %% [markdown]
# A gradient from a batch is wrong each time, and right on average: twenty such steps beat one that is exact.
#
# How wrong? More than one would think. Below, the gradient by W1 of a batch is compared with that of all examples, at the
# start of training.

# %%
with once_written():
    parameters = initialize_parameters([64, 32, 16, 1], seed=0)

    def dW1_of(X, Y):
        AL, caches = L_model_forward(X, parameters)
        return L_model_backward(AL, Y, caches)["dW1"]

    exact = dW1_of(X_train, Y_train)
    for size in (1, 8, 64):
        batches = random_mini_batches(X_train, Y_train, size, seed=0)[:40]
        off = np.mean([np.linalg.norm(dW1_of(*batch) - exact) for batch in batches]) / np.linalg.norm(exact)
        print(f"batches of {size:2}: the gradient is off by about {off:4.0%} of its size")

# %% [markdown]
# Eight times as many examples make it about √8 = 2.8 times better, at eight times the price. And a gradient that is off by
# most of its own size is still good enough to go downhill by: what is wrong in it points elsewhere in every batch, and
# cancels over many small steps.
#
# ## 3. The loop
#
# ### Put it together
#
# ```text
#    initialize_parameters
#    for each epoch:
#        for each batch of this epoch, in a new random order:
#            L_model_forward  →  L_model_backward  →  gradient_descent_step for every parameter
# ```
#
# With `parameters = {"W1", "b1", ...}` and `grads = {"dW1", "db1", ...}`, the gradient of `parameters[name]` is
# `grads["d" + name]`. Use another seed for the batches of each epoch, such as `1000 * seed + epoch`, or every epoch
# deals out the same batches.
#
# The check trains with your function on 1,348 of the digits: layers of 64, 32, 16 and 1 units, 40 epochs, batches of 64,
# learning rate 0.3. Then it asks about the 449 that it has kept back. You need 95 of 100 right, in at most 20 seconds
# of processor time; less than one second is common. One neuron alone, without hidden layers, gets about 91 of 100.
#
# {{ asked: train }}


# %% answer="train"
def train(X, Y, layer_dims, num_epochs, batch_size, learning_rate, seed):
    """Train a network with ReLU hidden layers and a sigmoid at the end, and return its parameters.

    X : (n0, m)
    Y : (nL, m), labels 0 or 1
    layer_dims : the sizes [n0, n1, ..., nL]
    num_epochs : how often every example is seen
    batch_size, learning_rate : as above
    seed : the same seed gives the same network

    Returns {"W1": (n1, n0), "b1": (n1, 1), ..., "WL": (nL, n(L-1)), "bL": (nL, 1)}
    """
    ### BEGIN SOLUTION
    parameters = initialize_parameters(layer_dims, seed)
    for epoch in range(num_epochs):
        for X_b, Y_b in random_mini_batches(X, Y, batch_size, 1000 * seed + epoch):
            AL, caches = L_model_forward(X_b, parameters)
            grads = L_model_backward(AL, Y_b, caches)
            parameters = {
                name: gradient_descent_step(theta, grads["d" + name], learning_rate)
                for name, theta in parameters.items()
            }
    return parameters
    ### END SOLUTION


# %% check="train"
check(train).points

# %% [markdown]
# This loop is what trains networks of every size; what changes is what stands in its three places.
#
# ## 4. What your network has learned
#
# Train it on the part that is not held back, then count on both parts.

# %%
trained = {}
with once_written():
    trained = train(X_train, Y_train, [64, 32, 16, 1], 40, 64, 0.3, seed=1)

    def says_even(X):
        return L_model_forward(X, trained)[0] > 0.5

    print(f"right on the digits that it was trained on: {np.mean(says_even(X_train) == Y_train):.1%}")
    print(f"right on the digits that were held back:    {np.mean(says_even(X_test) == Y_test):.1%}")

# %% [markdown]
# ### Which ones are hard for it?
#
# Look at the ten held-back digits to which the network gave the least chance of being what they are. Below 50 % it got
# them wrong. Would you have known?

# %%
if trained:
    chance_even = L_model_forward(X_test, trained)[0]
    chance_of_truth = np.where(Y_test == 1, chance_even, 1 - chance_even)[0]
    hardest = np.argsort(chance_of_truth)[:10]
    titles = [f"{'even' if Y_test[0, k] else 'odd'}\n{chance_of_truth[k]:.0%}" for k in hardest]
    picture = inline(
        draw_digits(images_test[:, hardest], titles),
        alt="The ten held-back digits that were hardest for the network. Above each stands whether it is even or odd, "
        "and the chance that the network gave to that.",
    )
picture if trained else print("Write train first, then run the last cells again.")

# %% [markdown]
# ### Which step learns fastest?
#
# The same network, the same start, the same batches, and your three steps. The curves are the costs on all training
# examples after each epoch.

# %%
costs = {}
with once_written():

    def run(step, num_epochs=20):
        """Train with any step that takes and returns (theta, memory), and return the costs epoch by epoch."""
        parameters = initialize_parameters([64, 32, 16, 1], seed=1)
        memory = dict.fromkeys(parameters)
        found, t = [compute_cost(L_model_forward(X_train, parameters)[0], Y_train)], 0
        for epoch in range(num_epochs):
            for X_b, Y_b in random_mini_batches(X_train, Y_train, 64, epoch):
                t += 1
                AL, caches = L_model_forward(X_b, parameters)
                grads = L_model_backward(AL, Y_b, caches)
                for name, theta in parameters.items():
                    parameters[name], memory[name] = step(theta, grads["d" + name], memory[name], t)
            found.append(compute_cost(L_model_forward(X_train, parameters)[0], Y_train))
        return np.array(found)

    def descent(theta, grad, memory, t):
        return gradient_descent_step(theta, grad, 0.1), None

    def momentum(theta, grad, v, t):
        return momentum_step(theta, grad, np.zeros_like(theta) if v is None else v, 0.3, 0.9)

    def adam(theta, grad, memory, t):
        m, v = (np.zeros_like(theta), np.zeros_like(theta)) if memory is None else memory
        theta, m, v = adam_step(theta, grad, m, v, t, 0.005, 0.9, 0.999, 1e-8)
        return theta, (m, v)

    for name, step in (("gradient descent, 0.1", descent), ("momentum, 0.3", momentum), ("Adam, 0.005", adam)):
        costs[name] = run(step)
        print(f"{name:22} cost after {len(costs[name]) - 1} epochs: {costs[name][-1]:.3f}")

# %%
if len(costs) == 3:
    ax = cost_curves(costs, logarithmic=True)
    ax.set(xlabel="epochs", xticks=range(0, 21, 5))
    picture = inline(
        ax,
        alt="The cost over 20 epochs, on a logarithmic axis, for three steps from the same start. The curves of momentum "
        "and of Adam fall much faster than that of gradient descent.",
    )
picture if len(costs) == 3 else print("Write the functions above first, then run the last two cells again.")

# %% [markdown]
# Be careful with what you conclude. Each step has a learning rate of its own that suits it, and the picture shows three
# choices, not three verdicts. Give plain gradient descent a rate of 0.3 and look again.
#
# **Look around, if you like.** Train with batches of 8 and of 1,348 examples, for as many epochs: which gets further, and
# which takes longer? Give the network no hidden layer, `[64, 1]`, or one of three units. Train for 200 epochs: what happens
# on the training digits, and what on those that were held back? Train on `images` instead of `X_train`, with several
# seeds: is the mean image worth its line?
#
# **Before you hand in**, restart the kernel and run all cells (in JupyterLab *Kernel*, *Restart Kernel and Run All
# Cells*): what counts is the notebook as it runs from top to bottom. Then save it.
#
# You started with one neuron and a derivative. This is a network that reads handwriting, and there is no line in it that
# you have not derived, checked or written.
