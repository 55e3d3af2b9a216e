"""The question that each mistake asks of whoever made it: it points the way, and never gives the formula."""

from collections.abc import Mapping

HINTS: Mapping[str, str] = {
    "absolute-error": "Multiply both arrays by a thousand, and then by a thousandth. Should the answer change, and "
    "does yours?",
    "accuracy-too-low": "Plot the cost against the steps. Does it fall, and is it still falling at the end?",
    "activation-derivative-missing": "Between z and a stands the activation function. "
    "Which factor does the chain rule ask for when you go through it?",
    "activation-derivative-twice": "Does the derivative of the sigmoid survive in A2 - Y, "
    "or has it been cancelled on the way there?",
    "activation-for-its-derivative": "The chain rule multiplies by how fast the activation changes. "
    "Is that the activation itself?",
    "all-entries-at-once": "Look at the array that you give to f. In how many entries does it differ from theta?",
    "always-false": "Hand your check a gradient that you know to be right. What does it say, and how large is the "
    "error that it finds?",
    "always-true": "Hand your check a gradient that is wrong on purpose. What does it say, and what does it compare?",
    "argument-not-used": "Change each argument in turn, and call your function again. Which of them changes nothing?",
    "arguments-swapped": "Two arrays come in. Which of them goes through the derivative of the activation, "
    "and which is only multiplied by it?",
    "averaged-too-early": "Column j of this array is the gradient of example j's own loss. "
    "Do the other m - 1 examples have a part in that loss?",
    "averaged-twice": "A mean is taken once. Is one of the arrays that you start from averaged already, "
    "or do you divide in two places?",
    "axes-in-wrong-order": "The numbers are right, and lie along other axes. "
    "Which index does the docstring put first, which second, which third?",
    "betas-swapped": "There are two running means. Which of the two shares belongs to which of them?",
    "bias-correction-missing": "Both means start at zero. With t = 1, how much of the first gradient is in them, "
    "and what makes up for it?",
    "biases-not-zero": "The random weights make the units different already. What should the biases be at the start?",
    "branches-swapped": "Put in one negative and one positive number. "
    "On which side is the curve steep, and on which is yours?",
    "comparison-reversed": "Is a small error a good sign or a bad one? What does your function return then?",
    "corner-at-the-wrong-place": "Where is the corner of the curve? Put in a small number on each side of it.",
    "corrected-mean-returned": "The caller hands m and v in again at the next step. Does the correction belong into "
    "them, or is it made anew each time?",
    "counted-from-one": "Where do indices start in code, and where in formulas? Try i = 0 and j = 0.",
    "derivative-for-the-function": "You return how fast it changes. Is that asked here, or the value itself?",
    "derivative-of-activation-taken-at-the-wrong-place": "The derivative g'(z) is taken at z. "
    "When you write it with a = g(z), which of the two arrays belongs in your expression?",
    "difference-of-sizes": "Two arrays of one size can point in different directions. Is there no difference "
    "between them?",
    "differences-cancel": "One entry is too large, another too small by as much. What becomes of the two in your "
    "expression?",
    "divided-by-wrong-size": "Losses are summed over output units and averaged over examples. "
    "By what number do you divide, and what does it count?",
    "elementwise-for-matmul": "Something is summed here, over units or over examples. "
    "Does an element-wise product sum anything?",
    "empty-batch": "When the batch size divides m, where does your last batch start, and how many columns are left "
    "there?",
    "entry-by-entry": "One number is asked for, made of the sizes of whole arrays. What is the size of an array, as "
    "one number?",
    "entry-not-picked": "One number is asked for, the one that belongs to i and j. Which entry of your result is it?",
    "epsilon-ignored": "Call your function with a large step, and with a small one. Does the result change as the "
    "formula says?",
    "epsilon-inside-root": "Read the formula from the inside outwards. What is under the root, and what is added "
    "after the root is taken?",
    "epsilon-scaled": "Epsilon is added to the root of the corrected mean. To what do you add it, and what happens "
    "to it afterwards?",
    "every-path-counted": "A weight or a bias acts on its own unit alone. "
    "What is the derivative of any other unit's z by it, and does your expression know that?",
    "factor-missing": "Go through the formula factor by factor. Which one has no place in your expression?",
    "factor-of-two": "Where would a 2, or a half, come from? Go through the formula term by term.",
    "factor-twice": "Go through the formula factor by factor. Which one stands in yours once more than there?",
    "factors-swapped": "A matrix product depends on the order. Which factor gives the rows of the result, "
    "and which the columns?",
    "factors-swapped-in-loss": "Which prediction should cost much when y = 1: one near 0, or one near 1?",
    "flattened": "The result should have theta's shape. Which shape has yours, when theta is a matrix?",
    "fraction-upside-down": "What stands above the line in the formula, and what below? "
    "Put in numbers of which one is much larger than the other.",
    "function-for-its-derivative": "You return the value itself. "
    "Does this question ask for it, or for how fast it changes?",
    "function-missing": "Read the formula aloud, with its functions: exp, log. Which one is not in your expression?",
    "index-missing": "Count the indices of what you differentiate, and of what you differentiate by. "
    "How many axes does the array need?",
    "keepdims-dropped": "The numbers are right, and lie in a flat array. Which shape has the bias "
    "from which this gradient will be subtracted, and what would broadcasting do?",
    "layer-left-out": "How many layers has this network, and how many does your loop visit? "
    "Print the number of the layer inside of the loop.",
    "layer-sizes-swapped": "A unit adds up its inputs. Which size counts them: that of its own layer, or that of "
    "the layer below?",
    "layers-alike": "Where do you make the generator: once, or anew in each layer? What does it draw first after it "
    "has been made?",
    "learning-rate-inside": "v is a mean of gradients, and it is returned. Has the learning rate a place in it?",
    "matmul-for-elementwise": "Each entry goes its own way here, alone. Does a matrix product keep the entries apart?",
    "mean-over-wrong-axis": "A mean over examples divides by how many examples there are. "
    "Which axis counts examples, and which counts units?",
    "missing-mean": "The cost is the mean of m losses, and your formula adds up what each example contributes. "
    "What is still missing between a sum and a mean?",
    "nan-accepted": "Every comparison with nan is False. Which way round must yours be, so that nan does not count "
    "as right?",
    "not-a-partition": "Write down the numbers of the columns in your batches. Is each from 0 to m - 1 there, and "
    "once only?",
    "not-centred": "Are your weights as often negative as positive? What are the mean and the spread of what you "
    "draw from?",
    "not-elementwise": "Every entry has a result of its own. "
    "Does your function give back as many numbers as it was given?",
    "not-first-order": "To first order a small change goes along the tangent. What is the slope of the curve there, "
    "and by what is it multiplied?",
    "not-reproducible": "Call it twice with one seed. Where do your random numbers come from, and does the seed "
    "reach that place?",
    "not-shuffled": "Print which columns are in your first batch. Do they stand side by side in X as well?",
    "not-summed": "All examples have a part in this result. "
    "Which entries are added up, and which shape is left in the end?",
    "old-value-used": "First the means are renewed, then the step is taken. Which of the two means, the old or the "
    "new, does your step use?",
    "one-branch-only": "The formula has one case for each side of the corner. Put in a number of each side: "
    "does your function treat them differently?",
    "one-side-missing": "Put in a prediction that is too large, and one that is too small. "
    "Which way does the loss move when each of them rises?",
    "one-sided-difference": "At which two points is f taken? How far does each of them lie from theta, and on which "
    "side?",
    "one-step-too-far": "On the way back, this comes before the activation function is passed. "
    "What does your expression differentiate by?",
    "overflow": "On paper the result is an ordinary number. "
    "Which step on the way to it leaves the range of floating point, and how can it be avoided?",
    "pairs-torn-apart": "Each column of X has its own column of Y. Does the same order go over both?",
    "rank-one-array": "The numbers are right, and lie in a flat array. How many rows and columns are asked for, "
    "and what would broadcasting do with a flat array?",
    "results-swapped": "Several things are asked for. In which order does the docstring name them?",
    "right-gradient-refused": "A right gradient is refused: how exact is the measurement that you compare it with? "
    "Try it on a function whose slope you know.",
    "root-missing": "Try it on numbers: is your result as large as it should be, or the square of that?",
    "seed-ignored": "Call it with two seeds. Where in your function does the seed come in?",
    "shares-swapped": "With beta = 0.9 the mean should remember long. Which counts more in yours, the past or the "
    "newest gradient?",
    "sign-flipped": "Compute one entry by hand. Which sign in your expression differs from the formula's?",
    "step-miscounted": "t is 1 at the first step. What is your correction then, and what should it be?",
    "step-not-undone": "After one entry has been moved up and down, is theta as it was before the next one is moved?",
    "summed-too-early": "Each entry has a result of its own here. "
    "Whose task is it to add them up, and does this formula do so?",
    "summed-wrong-axis": "One column is one example, one row is one unit. "
    "Over which of them does the formula sum, and over which does yours?",
    "symmetry-not-broken": "All units of a layer have the same weights. What makes two of them different at the start?",
    "term-missing": "Count the terms of the formula, and those of your expression. Which one is not there?",
    "term-too-many": "Count the terms of the formula, and those of your expression. Which one is counted twice?",
    "thresholded": "Is a yes or a no asked for, or how sure the network is?",
    "tolerance-ignored": "Call your check with a very large tolerance. Does the tolerance that is given decide?",
    "tolerance-too-large": "A gradient that is a little wrong is wrong. Which tolerance do you compare with, when "
    "none is given?",
    "trace-missing": "A trace adds up the diagonal of a square matrix, and nothing else. What does yours add up?",
    "transpose-missing": "Write the shape under each factor. Which of them, if any, must be turned "
    "for the inner sizes to meet and the outer ones to give the shape you need?",
    "transposed": "A gradient has the shape of what it is taken with respect to. "
    "Which shape is that, and which is yours?",
    "variance-for-deviation": "The formula gives a variance. What do you multiply standard normal numbers by, to "
    "have that variance?",
    "wrong-activation": "Every layer has its own activation function. Which one does this layer use, "
    "and what is its derivative?",
    "wrong-argument": "Each argument has its place in the formula. Which one stands where another one should?",
    "wrong-batch-size": "How many examples should every batch have but the last? How many have yours?",
    "wrong-bracket": "Compute one entry by hand, and let Python's order of operations do it too. "
    "Where do brackets belong?",
    "wrong-cache": "On the way back the layer needs what came in, its weights, and the z at which the slope is taken. "
    "Which arrays does your cache hold in their places?",
    "wrong-default": "Call your function without its last argument. "
    "Which value does it take then, and which one is asked for?",
    "wrong-denominator": "Swap a and b: the result should stay. Put in opposite arrays: it should be 1. Does yours "
    "do both?",
    "wrong-function": "Another function stands in your expression than in the formula. "
    "Which one, and what does each give at 1?",
    "wrong-index": "i is the unit that the weight leads to, j the one that it comes from. "
    "Which of the two arrays does each of them belong to?",
    "wrong-layer": "Every array carries its layer's number. Is each one in your expression of the layer that you need?",
    "wrong-logarithm": "Several logarithms differ by a factor. Which one has the derivative 1/a?",
    "wrong-loss": "Several functions measure how wrong an answer is. Which one is asked for here? "
    "Put a = 0.01 and y = 1 into both.",
    "wrong-norm": "Compute the size of the array (3, 4) with your expression. Is it 5?",
    "wrong-number": "Which numbers stand in the formula itself, and which in your expression?",
    "wrong-operation": "Compute one entry by hand. "
    "Which of +, -, * and / in your expression is another one in the formula?",
    "wrong-power": "Go through what is raised to a power, and what each exponent is. Which one differs from the "
    "formula's?",
    "wrong-range": "Print the loop's variable at every turn. "
    "Which are its first and its last value, and which should they be?",
    "wrong-scale": "Send random numbers through many layers of your weights. Does their size stay, die out or "
    "explode, and what decides it?",
    "wrong-variable": "z = W a + b has three derivatives. By which of W, a and b does this question differentiate, "
    "and by which have you done it?",
    "zero-by-zero": "Where both arrays are zero they agree. What does your expression divide by then?",
    "zero-everywhere": "Nothing but zeros is left. Print what you add up and what you subtract on the way: "
    "where does it vanish?",
}
